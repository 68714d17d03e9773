import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { kubernetesVersions } from '../../scripts/chart/schemas.ts'
import { valuesSchema } from '../../scripts/chart/values-schema.ts'
import { eachAtOnce, needTool, parseManifests, renderChart } from '../support/chart.ts'
import { chartRules } from '../support/chart-rules.ts'
import { schemaFindings } from '../support/chart-schemas.ts'
import { randomValues } from '../support/random-values.ts'

const samples = 500
const seed = 20_261_125
const perBatch = 50

/** Values may loosen these on purpose; everything else holds whatever they are. */
const loosened = new Set([
  'every pod may run where Pod Security is restricted',
  'every container says what it needs and may take',
  'every image is pinned, and pulled as it was said',
  'every selector finds pods of the release',
  'no secret stands in an environment or in plain sight',
])
const rules = Object.entries(chartRules).filter(([rule]) => !loosened.has(rule))

test('any values that the schema admits render valid objects, or are refused with our sentence', { timeout: 900_000 }, async (context) => {
  const helm = needTool(context, 'helm')
  const values = fc.sample(randomValues(valuesSchema), { numRuns: samples, seed })
  const results = await eachAtOnce(values, async (one) => ({ values: one, ...(await renderChart(helm, { values: one })) }))

  const broken = results.filter(({ status, error }) => status !== 0 && !error.includes('AI-Shell cannot be rendered with these values:'))
  expect(broken.map(({ values: one, error }) => ({ error: error.slice(0, 600), values: JSON.stringify(one) }))).toEqual([])

  const rendered = results.filter(({ status }) => status === 0)
  expect(rendered.length).toBeGreaterThan(samples / 4)
  expect(results.length - rendered.length).toBeGreaterThan(samples / 50)
  const looked = rendered.filter((_, index) => index % 5 === 0) // parsing takes longer than rendering
  const findings = looked.flatMap(({ values: one, yaml }) => {
    const manifests = parseManifests(yaml)
    return rules.flatMap(([rule, find]) => find(manifests).map((breach) => `${rule}: ${breach} ${JSON.stringify(one)}`))
  })
  expect(findings).toEqual([])
  for (let from = 0; from < rendered.length; from += perBatch) {
    const batch = rendered.slice(from, from + perBatch)
    const bad = schemaFindings(
      context,
      kubernetesVersions[(from / perBatch) % 2 === 0 ? 0 : 1],
      batch.map(({ yaml }) => yaml).join('\n---\n'),
    )
    expect({ bad, values: bad.length === 0 ? [] : batch.map(({ values: one }) => JSON.stringify(one)) }).toEqual({ bad: [], values: [] })
  }
})
