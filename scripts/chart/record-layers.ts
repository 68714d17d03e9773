import { execFileSync, spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootFolder } from './chart-folder.ts'

// node scripts/start.mjs run scripts/chart/record-layers.ts: runs the tests of the chart and the image that need no cluster
// (layers 1 to 5) and writes what each said to bench/results/chart.md, where docs/reference/seed-coverage.md finds it.

interface Run {
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly { readonly ancestorTitles: readonly string[]; readonly title: string; readonly status: string }[]
  }[]
}

const files = globSync(['test/integration/chart-*.test.ts', 'test/integration/{bundle,compose}.test.ts'], { cwd: rootFolder }).toSorted()
const folder = mkdtempSync(join(tmpdir(), 'aishell-layers-'))
const output = join(folder, 'run.json')
try {
  const vitest = join(rootFolder, 'node_modules', 'vitest', 'vitest.mjs')
  spawnSync(process.execPath, [vitest, 'run', ...files, '--reporter=json', `--outputFile=${output}`], { cwd: rootFolder, stdio: 'inherit' })
  writeFileSync(join(rootFolder, 'bench/results/chart.md'), page(JSON.parse(readFileSync(output, 'utf8')) as Run)) // vitest's own JSON
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function page({ testResults }: Run): string {
  const sorted = testResults.toSorted((one, other) => one.name.localeCompare(other.name))
  const states = sorted.flatMap((file) => file.assertionResults.map((one) => wordOf(one.status)))
  const count = (state: string): number => states.filter((one) => one === state).length
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: rootFolder, encoding: 'utf8' }).trim()
  const sections = sorted.flatMap(({ name, assertionResults }) => [
    '',
    `## ${name.slice(rootFolder.length + 1)}`,
    '',
    '| test | result |',
    '|---|---|',
    ...assertionResults.map((one) => `| ${[...one.ancestorTitles, one.title].join(' › ').replaceAll('|', '/')} | ${wordOf(one.status)} |`),
  ])
  return [
    '# The chart and the image without a cluster',
    '',
    'Written by `node scripts/start.mjs run scripts/chart/record-layers.ts`. What needs a cluster is in [cluster.md](cluster.md).',
    '',
    '| fact | |',
    '|---|---|',
    `| date | ${new Date().toISOString().slice(0, 16).replace('T', ' ')} |`,
    `| commit | ${commit} |`,
    `| result | ${count('passed')} passed, ${count('failed')} failed, ${count('not run')} not run |`,
    ...sections,
    '',
  ].join('\n')
}

function wordOf(status: string): 'passed' | 'failed' | 'not run' {
  return status === 'passed' || status === 'failed' ? status : 'not run'
}
