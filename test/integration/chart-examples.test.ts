import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { kubernetesVersions } from '../../scripts/chart/schemas.ts'
import { needTool, parseManifests, renderChart, valuesFile, type Rendering } from '../support/chart.ts'
import { exampleNames, examplesFolder, renderingsOf } from '../support/chart-commands.ts'
import { breaches } from '../support/chart-rules.ts'
import { schemaFindings } from '../support/chart-schemas.ts'

/** Everything in the repository that an operator may install: each command of an example, and the chart's own values files. */
const installable: readonly (readonly [name: string, rendering: Rendering])[] = [
  ...exampleNames.flatMap((name) =>
    renderingsOf(join(examplesFolder, name, 'README.md')).map((rendering) => [`example ${name} (${rendering.name})`, rendering] as const),
  ),
  ['no values at all', {}],
  ['values-staging.yaml', { files: [valuesFile('values-staging.yaml')] }],
  ['values-prod.yaml', { files: [valuesFile('values-prod.yaml')] }],
]

test('every example has a page with a command, and the list names it', () => {
  const list = readFileSync(join(examplesFolder, 'README.md'), 'utf8')
  for (const name of exampleNames) expect(list).toContain(`[${name}](${name})`)
  const commands = exampleNames.map((name) => renderingsOf(join(examplesFolder, name, 'README.md')).length)
  expect(Math.min(...commands)).toBeGreaterThan(0)
  expect(exampleNames).toHaveLength(11)
})

describe.each(installable)('%s', (_name, rendering) => {
  test('renders with Helm 4 and Helm 3, and breaks no rule', async (context) => {
    for (const tool of ['helm', 'helm3'] as const) {
      const { yaml, error } = await renderChart(needTool(context, tool), rendering)
      expect(error).toBe('')
      expect(breaches(parseManifests(yaml))).toEqual([])
    }
  })

  test('is what the oldest and the newest Kubernetes take', async (context) => {
    const { yaml } = await renderChart(needTool(context, 'helm'), rendering)
    for (const version of kubernetesVersions) expect(schemaFindings(context, version, yaml)).toEqual([])
  })
})

test.for(exampleNames)('objects beside the values of %s are valid', (name, context) => {
  const folder = join(examplesFolder, name)
  const objects = readdirSync(folder).filter((file) => file.endsWith('.yaml') && !file.startsWith('values'))
  const yaml = objects.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n---\n')
  const findings = objects.length === 0 ? [] : kubernetesVersions.flatMap((version) => schemaFindings(context, version, yaml))
  expect(findings).toEqual([])
  expect(existsSync(join(folder, 'values.yaml'))).toBe(true)
})
