import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { rootFolder } from '../../scripts/chart/chart-folder.ts'
import { createObserver } from '../../src/platform/observe/index.ts'
import { manifestsOf, needTool, only, tell, type Tree } from '../support/chart.ts'

const monitoring = { metrics: { serviceMonitor: { enabled: true }, prometheusRule: { enabled: true }, dashboard: { enabled: true } } }
const runbooks = join(rootFolder, 'docs/runbooks')

/** Names that a running AI-Shell exports; those of the process come with its metrics library. */
let exported: ReadonlySet<string>
let labels: ReadonlyMap<string, readonly string[]>
let shutdown: () => Promise<void>

beforeAll(async () => {
  const observer = await createObserver({
    version: '0',
    level: 'silent',
    destination: { write: () => undefined },
    tracing: noTracing,
    secrets: [],
  })
  shutdown = () => observer.shutdown()
  const { body } = await observer.metricsText()
  const types = [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', kind]) => [name, kind] as const)
  exported = new Set(
    types.flatMap(([name, kind]) => (kind === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name])),
  )
  const reference = readFileSync(join(rootFolder, 'docs/reference/metrics.md'), 'utf8')
  labels = new Map(
    [...reference.matchAll(/^\| `(\w+)` \| \w+ \| (.*?) \|/gm)].map(([, name = '', list = '']) => [
      name,
      [...list.matchAll(/`(\w+)`/g)].map((one) => one[1] ?? ''),
    ]),
  )
})
afterAll(() => shutdown())

const noTracing = {
  isDisabled: true,
  endpoint: null,
  tracesEndpoint: null,
  headers: null,
  serviceName: 'aishell',
  resourceAttributes: null,
  sampleRatio: '1',
}

/** Metrics an expression names, and the labels it filters or groups by. */
function namedIn(expr: string): readonly (readonly [metric: string, labels: readonly string[]])[] {
  return [...expr.matchAll(/\b((?:aishell|process|nodejs)_\w+)(?:\{([^}]*)\})?/g)].map(([, metric = '', filter = '']) => [
    metric,
    [...filter.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map((match) => match[1] ?? ''),
  ])
}

function unknownIn(expr: string): readonly string[] {
  const added = ['namespace', 'pod', 'le'] // by the scrape, and by histograms
  return namedIn(expr).flatMap(([metric, used]) => {
    if (!exported.has(metric)) return [`${metric} is no metric of AI-Shell`]
    const own = labels.get(metric) ?? labels.get(metric.replace(/_(bucket|sum|count)$/, '')) ?? []
    return used.filter((label) => !own.includes(label) && !added.includes(label)).map((label) => `${metric} has no label ${label}`)
  })
}

test('what this test reads of metrics is what a running server exports', () => {
  expect([...exported].filter((name) => name.startsWith('aishell_')).length).toBeGreaterThan(25)
  expect(unknownIn('rate(aishell_no_such_total{colour="red"}[5m])')).toEqual(['aishell_no_such_total is no metric of AI-Shell'])
  expect(unknownIn('aishell_answers_total{colour="red"}')).toEqual(['aishell_answers_total has no label colour'])
})

describe('alerts', () => {
  const rulesOf = async (helm: string): Promise<{ readonly spec: Tree; readonly rules: readonly Tree[] }> => {
    const { spec } = only(await manifestsOf(helm, { values: monitoring }), 'PrometheusRule')
    return { spec, rules: spec.groups.flatMap((group: Tree) => group.rules) }
  }

  test('ask only for metrics and labels there are', async (context) => {
    const { rules } = await rulesOf(needTool(context, 'helm'))
    expect(rules.length).toBeGreaterThan(10)
    expect(rules.flatMap((rule) => unknownIn(rule.expr))).toEqual([])
    expect(rules.filter((rule) => !rule.expr.includes('namespace="aishell"'))).toEqual([])
  })

  test('have a runbook each, under their name, and no runbook is without an alert', async (context) => {
    const { rules } = await rulesOf(needTool(context, 'helm'))
    const pages = readdirSync(runbooks).filter((file) => file !== 'README.md')
    expect(pages.toSorted()).toEqual(rules.map((rule) => `${rule.alert}.md`).toSorted())
    expect(rules.filter((rule) => !rule.annotations.runbook_url.endsWith(`/${rule.alert}.md`))).toEqual([])
    for (const page of pages) expect(readFileSync(join(runbooks, page), 'utf8')).toMatch(/^# \w+\n\n[\s\S]+## Look\n[\s\S]+## Mend\n/)
  })

  test('are taken by Prometheus, fire when they should, and are quiet otherwise', async (context) => {
    const promtool = needTool(context, 'promtool')
    const { spec, rules } = await rulesOf(needTool(context, 'helm'))
    const folder = mkdtempSync(join(tmpdir(), 'aishell-alerts-'))
    writeFileSync(join(folder, 'rules.yaml'), stringify(spec))
    expect(tell(promtool, ['check', 'rules', join(folder, 'rules.yaml')], '').said).toContain(`SUCCESS: ${rules.length} rules found`)
    const tests = parse(readFileSync(join(rootFolder, 'test/support/alerts-tests.yaml'), 'utf8'))
    const fired = new Set(
      tests.tests.flatMap((one: Tree) => one.alert_rule_test).flatMap((one: Tree) => (one.exp_alerts === undefined ? [] : [one.alertname])),
    )
    expect(rules.map((rule) => rule.alert).filter((name) => !fired.has(name))).toEqual([])
    // Annotations carry numbers; what is tested here is whether an alert fires, and for whom.
    const bare = {
      groups: spec.groups.map((group: Tree) => ({ ...group, rules: group.rules.map((rule: Tree) => ({ ...rule, annotations: {} })) })),
    }
    writeFileSync(join(folder, 'bare.yaml'), stringify(bare))
    writeFileSync(join(folder, 'tests.yaml'), stringify({ rule_files: ['bare.yaml'], ...tests }))
    const { status, said } = tell(promtool, ['test', 'rules', join(folder, 'tests.yaml')], '')
    expect({ status, said }).toMatchObject({ status: 0 })
  })
})

test('the dashboard is a bare model that asks only for metrics and labels there are', async (context) => {
  const config = only(await manifestsOf(needTool(context, 'helm'), { values: monitoring }), 'ConfigMap', 'aishell-dashboard')
  expect(config.metadata.labels).toMatchObject({ grafana_dashboard: '1' })
  const model = JSON.parse(config.data?.['aishell-dashboard.json'] ?? '')
  expect(model).toMatchObject({ uid: 'aishell', title: 'AI-Shell' })
  expect(model.dashboard).toBeUndefined()
  const exprs: readonly string[] = model.panels.flatMap((panel: Tree) => panel.targets.map((target: Tree) => target.expr))
  expect(exprs.length).toBeGreaterThan(15)
  expect(exprs.flatMap(unknownIn)).toEqual([])
})

test('the ServiceMonitor finds the metrics port of the release and no other', async (context) => {
  const manifests = await manifestsOf(needTool(context, 'helm'), { values: monitoring })
  const { selector, endpoints } = only(manifests, 'ServiceMonitor').spec
  const wanted = Object.entries(selector.matchLabels as Record<string, string>)
  const found = manifests.filter((one) => one.kind === 'Service' && wanted.every(([key, value]) => one.metadata.labels?.[key] === value))
  expect(found.map((one) => one.metadata.name)).toEqual(['aishell-metrics'])
  expect(found[0]?.spec.ports.map((port: Tree) => port.name)).toEqual([endpoints[0].port])
})
