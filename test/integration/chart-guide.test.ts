import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { rootFolder } from '../../scripts/chart/chart-folder.ts'
import { chartDefaults } from '../../scripts/chart/chart-readme.ts'
import { serverSettings } from '../../scripts/chart/chart-settings.ts'
import { manifestsOf, needTool, renderChart, type Tree } from '../support/chart.ts'
import { commandsOf, renderingsOf } from '../support/chart-commands.ts'
import { breaches } from '../support/chart-rules.ts'
import { guideCommands, guideFiles, guideSettings, guideValues, type Place } from '../support/guide-names.ts'

const read = (path: string): string => readFileSync(join(rootFolder, path), 'utf8')
const page = 'docs/how-to/deploy-on-kubernetes.md'
const places: readonly (readonly [name: string, place: Place])[] = Object.entries({
  ...guideFiles,
  ...guideValues,
  ...guideSettings,
  ...guideCommands,
})

describe('whoever comes from the first guide finds', () => {
  test.for(places)('%s', async ([, place], context) => {
    const refusal = 'refused' in place ? await refusalOf(needTool(context, 'helm'), place) : ''
    expect(`${missing(place)}${refusal}`).toBe('')
  })

  test('what the guide names, all of it', (context) => {
    const shared = process.env['AISHELL_TEST_SHARED'] ?? join(rootFolder, '../shared')
    const guide = join(shared, 'seed/kubernetes-deployment-guide.md')
    if (!existsSync(guide)) context.skip('the first guide is not beside this checkout')
    const text = readFileSync(guide, 'utf8')
    const fences = [...text.matchAll(/```(\w*)\n([\s\S]*?)```/g)].map(([, language = '', body = '']) => ({ language, body }))
    const yaml = fences.filter(({ language }) => language === 'yaml')
    const files = yaml.flatMap(({ body }) => /^# (\S+\.yaml)$/m.exec(body)?.[1] ?? [])
    expect(files.filter((name) => !(name in guideFiles))).toEqual([])
    const values = yaml.find(({ body }) => body.includes('replicaCount:'))
    expect(
      leaves(parse(values?.body ?? '')).filter(
        (path) => !Object.keys(guideValues).some((known) => path === known || path.startsWith(`${known}.`)),
      ),
    ).toEqual([])
    const settings = [...text.matchAll(/^ {2}([A-Z_]+): "/gm)].map((match) => match[1] ?? '')
    expect(settings.filter((name) => !(name in guideSettings))).toEqual([])
    const commands = fences
      .filter(({ language }) => language === 'bash')
      .flatMap(({ body }) => body.split('\n').filter((line) => /^(kubectl|helm) /.test(line)))
    expect(commands.length).toBeGreaterThan(20)
    expect(commands.filter((line) => !Object.keys(guideCommands).some((known) => line.startsWith(known)))).toEqual([])
  })
})

/** Nothing when the chart refuses the value with its sentence. */
async function refusalOf(helm: string, { refused, example }: { readonly refused: string; readonly example: unknown }): Promise<string> {
  const { status, error } = await renderChart(helm, { values: example })
  return status === 1 && error.includes(`${refused} is no value any more: `) ? '' : `${refused} is not refused with a sentence: ${error}`
}

/** What is missing at the place, or nothing. */
function missing(place: Place): string {
  if ('file' in place) return existsSync(join(rootFolder, place.file)) ? '' : `${place.file} is not there`
  if ('value' in place) return hasPath(chartDefaults(), place.value.split('.')) ? '' : `${place.value} is no value`
  if ('setting' in place) return serverSettings.some((one) => one.name === place.setting) ? '' : `${place.setting} is no setting`
  if ('difference' in place)
    return read('docs/explanation/differences-from-the-guide.md').includes(place.difference) ? '' : `no difference says ${place.difference}`
  if ('command' in place)
    return commandsOf(join(rootFolder, place.page)).some((line) => line.startsWith(place.command))
      ? ''
      : `${place.page} has no ${place.command}`
  return ''
}

function hasPath(tree: unknown, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return true
  return tree !== null && typeof tree === 'object' && key in tree && hasPath((tree as Tree)[key], rest)
}

function leaves(tree: unknown, path = ''): readonly string[] {
  const isMap = tree !== null && typeof tree === 'object' && !Array.isArray(tree) && Object.keys(tree).length > 0
  return isMap ? Object.entries(tree).flatMap(([key, value]) => leaves(value, path === '' ? key : `${path}.${key}`)) : [path]
}

describe('our own guide', () => {
  test('keeps the order of the first one', () => {
    const order = ['Overview', 'Prerequisites', 'Kubernetes manifests', 'Helm charts', 'Configuration management', 'Scaling strategies']
    const headings = [...read(page).matchAll(/^## (.+)$/gm)].map((match) => match[1])
    expect(headings).toEqual([...order, 'Monitoring and logging', 'Production best practices', 'Troubleshooting'])
  })

  test.for(renderingsOf(join(rootFolder, page)).map((rendering, index) => [index + 1, rendering] as const))(
    'helm command %i renders, with Helm 4 and Helm 3, and breaks no rule',
    async ([, rendering], context) => {
      for (const tool of ['helm', 'helm3'] as const) expect(breaches(await manifestsOf(needTool(context, tool), rendering))).toEqual([])
    },
  )

  test('names only objects that the chart renders', async (context) => {
    const helm = needTool(context, 'helm')
    const manifests = await manifestsOf(helm, { values: { postgresql: { backup: { enabled: true } } } })
    const names = new Set(manifests.map((one) => `${one.kind.toLowerCase()}/${one.metadata.name}`))
    const commands = ['docs/how-to/troubleshoot.md', page].flatMap((path) => commandsOf(join(rootFolder, path)))
    const named = commands.flatMap((line) => [...line.matchAll(/\b(deployment|service|cronjob)\/([a-z-]+)/g)].map(([whole]) => whole))
    expect(named.length).toBeGreaterThan(8)
    expect(named.filter((name) => !names.has(name))).toEqual([])
    const secrets = commands.flatMap((line) => [...line.matchAll(/(?:get|edit) secret ([a-z-]+)/g)].map((match) => `secret/${match[1]}`))
    expect(secrets.filter((name) => !names.has(name))).toEqual([])
  })

  test('declares connections in a shape that AI-Shell takes', async (context) => {
    const block = [...read(page).matchAll(/```yaml\n(declare:[\s\S]*?)```/g)][0]?.[1] ?? ''
    const manifests = await manifestsOf(needTool(context, 'helm'), { values: parse(block) })
    const files = manifests.find((one) => one.metadata.name === 'aishell-files')
    const { parseAishellFile } = await import('../../src/platform/config/aishell-file.ts')
    const { connections, problems } = parseAishellFile(files?.data?.['aishell.yaml'] ?? '', { env: {}, isProduction: true })
    expect(connections.map((one) => one.input.name)).toEqual(['warehouse'])
    expect(problems.filter((problem) => !problem.includes('passwordFile'))).toEqual([]) // the file is in the pod
    expect(JSON.stringify(manifests.find((one) => one.kind === 'Deployment'))).toContain('"mountPath":"/app/connections/warehouse"')
  })

  test.each([
    page,
    'docs/how-to/troubleshoot.md',
    'docs/explanation/differences-from-the-guide.md',
    'deploy/examples/README.md',
    'docs/runbooks/README.md',
  ])('links of %s lead somewhere', (path) => {
    const links = [...read(path).matchAll(/\]\(([^)#:]+)\)/g)].map((match) => join(rootFolder, path, '..', match[1] ?? ''))
    expect(links.filter((link) => !existsSync(link))).toEqual([])
  })
})
