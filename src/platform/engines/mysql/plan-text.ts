import type { Explanation } from '../engine.ts'

/** One row of a tabular EXPLAIN, by column name. */
export type PlanStep = Readonly<Record<string, string | null>>

const ways: Readonly<Record<string, string>> = {
  system: 'the one row of',
  const: 'at most one row of',
  eq_ref: 'unique index lookup in',
  ref: 'index lookup in',
  ref_or_null: 'index lookup, NULL too, in',
  fulltext: 'full-text index lookup in',
  index_merge: 'merged index scans of',
  unique_subquery: 'unique index lookup in',
  index_subquery: 'index lookup in',
  range: 'index range scan of',
  index: 'full index scan of',
  all: 'full scan of',
}

/** Both servers give the same table; its columns are terse, so each row is told as a line. */
export function planText(steps: readonly PlanStep[]): Explanation {
  return { text: steps.map(line).join('\n'), estimatedRows: estimatedRows(steps), estimatedCost: null }
}

function line(step: PlanStep): string {
  const kind = (step['select_type'] ?? '').toLowerCase()
  const indent = kind === 'simple' || kind === 'primary' ? '' : '  '
  if (step['table'] === null || step['table'] === undefined) return `${indent}${kind}: ${step['Extra'] ?? 'no table'}`
  const way = ways[(step['type'] ?? '').toLowerCase()] ?? step['type'] ?? 'access to'
  const details = [
    step['key'] == null ? null : `by ${step['key']}`,
    step['rows'] == null ? null : `about ${step['rows']} rows`,
    step['Extra'] == null || step['Extra'] === '' ? null : step['Extra'].toLowerCase(),
  ].filter((detail) => detail !== null)
  return `${indent}${kind}: ${way} ${step['table']}${details.length === 0 ? '' : ` (${details.join('; ')})`}`
}

/** What the tables of the outermost query give when each is looked up for each row before it. */
function estimatedRows(steps: readonly PlanStep[]): number | null {
  const outer = steps.filter((step) => /^(simple|primary)$/i.test(step['select_type'] ?? '') && step['rows'] != null)
  if (outer.length === 0) return null
  const product = outer.reduce((rows, step) => rows * Number(step['rows']) * (Number(step['filtered'] ?? 100) / 100), 1)
  return Number.isFinite(product) ? Math.round(product) : null
}
