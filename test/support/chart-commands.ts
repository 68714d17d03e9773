import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { deployFolder, rootFolder } from '../../scripts/chart/chart-folder.ts'
import { valuesFile, type Rendering } from './chart.ts'

export const examplesFolder = join(deployFolder, 'examples')

export const exampleNames: readonly string[] = readdirSync(examplesFolder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)

/** Lines of the page's console blocks; a line that ends with a backslash goes on. */
export function commandsOf(page: string): readonly string[] {
  const text = readFileSync(page, 'utf8')
  return [...text.matchAll(/```(?:console|bash|sh)\n([\s\S]*?)```/g)]
    .flatMap((match) => (match[1] ?? '').replace(/\\\n\s*/g, '').split('\n'))
    .map((line) =>
      line
        .replace(/^\$ /, '')
        .replace(/\s+#.*$/, '')
        .trim(),
    )
    .filter((line) => line !== '' && !line.startsWith('#'))
}

/** What `helm install` or `helm upgrade` of the page would render. */
export function renderingsOf(page: string): readonly Rendering[] {
  return commandsOf(page).flatMap((command) => {
    const words = command.split(/\s+/)
    if (words[0] !== 'helm' || !['install', 'upgrade'].includes(words[1] ?? '') || words.includes('--help')) return []
    const operands = words.slice(2).filter((word, index, all) => !word.startsWith('-') && !takesValue(all[index - 1]))
    const [name = '', chart = ''] = operands
    const after = (...flags: readonly string[]): readonly string[] => words.filter((_, index) => flags.includes(words[index - 1] ?? ''))
    const files = after('-f', '--values').map((file) => join(rootFolder, file))
    const missing = [join(rootFolder, chart), ...files].filter((file) => !existsSync(file))
    if (missing.length > 0) throw new Error(`${basename(page)} names ${missing.join(', ')}, which is not there`)
    return [{ name, chart: join(rootFolder, chart), namespace: after('-n', '--namespace')[0] ?? 'default', files, sets: after('--set') }]
  })
}

/** Everything in the repository that an operator may install: each command of an example, and the chart's own values files. */
export const installable: readonly (readonly [name: string, rendering: Rendering])[] = [
  ...exampleNames.flatMap((name) =>
    renderingsOf(join(examplesFolder, name, 'README.md')).map((rendering) => [`example ${name} (${rendering.name})`, rendering] as const),
  ),
  ['no values at all', {}],
  ['values-staging.yaml', { files: [valuesFile('values-staging.yaml')] }],
  ['values-prod.yaml', { files: [valuesFile('values-prod.yaml')] }],
]

/** The objects that lie beside an example's values, as one text; empty where there are none. */
export function objectsBeside(example: string): string {
  const folder = join(examplesFolder, example)
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml') && !file.startsWith('values'))
  return files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n---\n')
}

function takesValue(word: string | undefined): boolean {
  return ['-f', '--values', '-n', '--namespace', '--set', '--timeout', '--version'].includes(word ?? '')
}
