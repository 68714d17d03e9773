import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { rootFolder } from '../../scripts/chart/chart-folder.ts'
import { kubernetesVersions } from '../../scripts/chart/schemas.ts'
import { needTool, parseManifests, renderChart } from '../support/chart.ts'
import { exampleNames, examplesFolder, installable, objectsBeside, renderingsOf } from '../support/chart-commands.ts'
import { lintFindings, waived } from '../support/chart-lint.ts'
import { breaches } from '../support/chart-rules.ts'
import { schemaFindings } from '../support/chart-schemas.ts'

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

  test('leaves kube-score nothing to say', async (context) => {
    const { yaml } = await renderChart(needTool(context, 'helm'), rendering)
    expect(lintFindings(context, yaml)).toEqual([])
  })
})

test.for(exampleNames)('objects beside the values of %s are valid', (name, context) => {
  const yaml = objectsBeside(name)
  const findings = yaml === '' ? [] : kubernetesVersions.flatMap((version) => schemaFindings(context, version, yaml))
  expect(findings).toEqual([])
  expect(existsSync(join(examplesFolder, name, 'values.yaml'))).toBe(true)
})

test('what kube-score is told to overlook is on the page of that decision, with its reason', () => {
  const page = readFileSync(join(rootFolder, 'docs/decisions/2026-11-25-kube-score-lints-the-chart.md'), 'utf8')
  for (const [id, reason] of Object.entries(waived)) expect(page).toContain(`| \`${id}\` | ${reason} |`)
})
