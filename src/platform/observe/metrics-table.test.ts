import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { metricsTable } from './metrics-table.ts'

const reference = readFileSync(new URL('../../../docs/reference/metrics.md', import.meta.url), 'utf8')

test('the reference lists each metric with its labels, and no other', () => {
  const rows = [...reference.matchAll(/^\| `(aishell_\w+)` \| (\w+) \| (.*?) \| .+ \|$/gm)].map(([, name, kind, labels]) => [
    name,
    kind,
    labels,
  ])
  const expected = Object.values(metricsTable).map((metric) => [
    metric.name,
    metric.kind,
    metric.labels.map((label) => `\`${label}\``).join(', ') || '–',
  ])
  expect(rows).toEqual(expected)
})

test('names follow Prometheus: counters end in _total, times in _seconds', () => {
  const ends = Object.values(metricsTable).map((metric) => [metric.name, metric.kind, /_(total|seconds)$/.exec(metric.name)?.[1] ?? ''])
  const wanted = { counter: 'total', histogram: 'seconds', gauge: '' }
  expect(ends).toEqual(Object.values(metricsTable).map((metric) => [metric.name, metric.kind, wanted[metric.kind]]))
})
