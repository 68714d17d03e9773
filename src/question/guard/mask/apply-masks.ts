import type { Reason, Verdict } from '../../../domain/index.ts'
import type { Analyser, AnalyseOptions } from '../analyser.ts'
import type { Analysis, ColumnUse, RelationUse } from '../analysis.ts'
import { certain } from '../certain.ts'
import type { GuardContext, GuardSubject } from '../guard.ts'
import type { ViewSources } from '../view-sources.ts'
import type { MaskedText } from './masked-text.ts'
import { MaskPlan } from './mask-plan.ts'
import { explainMasked, needsCatalog, writesMasked } from './mask-reasons.ts'

/** A verdict, and what runs in place of what was written; null: the statement as it is. */
export interface Applied {
  readonly verdict: Verdict
  readonly masked: MaskedText | null
}

export interface MaskBench {
  readonly subject: GuardSubject
  readonly context: GuardContext
  readonly analyser: Analyser
  readonly options: AnalyseOptions
}

/** Whether a policy masks or filters anything for anybody. */
export function hasMasks({ policy }: GuardContext): boolean {
  return policy.masks.length > 0 || policy.filters.length > 0
}

/** Lays the policy's masks and filters over a statement that may otherwise run; what cannot be masked is refused. */
export async function applyMasks(verdict: Verdict, analysis: Analysis, bench: MaskBench): Promise<Applied> {
  const { context, analyser, options, subject } = bench
  if (verdict.decision === 'refuse') return { verdict, masked: null }
  const { index } = options
  if (index === null) return { verdict: refuse(verdict, needsCatalog), masked: null }
  const plan = new MaskPlan(index, context.policy, context.roles)
  const touched = touchedBy(analysis, plan, (use) => analyser.sourcesOf(use, analysis, options))
  const [first] = touched.uses
  if (first === undefined) return { verdict, masked: null }
  const told = { ...verdict, masked: touched.masked, filtered: touched.filtered }
  const problem = problemOf(first, analysis, told, bench)
  if (problem !== null) return { verdict: refuse(told, problem), masked: null }
  if (analysis.class === 'write') return { verdict: told, masked: null }
  const request = { sql: subject.sql, paramCount: subject.params?.length ?? null, plan, uses: touched.uses, analysis }
  const masked = await analyser.masker.mask(request, { ...options, index })
  return 'code' in masked ? { verdict: refuse(told, masked), masked: null } : { verdict: told, masked }
}

function problemOf(first: RelationUse, analysis: Analysis, told: Verdict, { context }: MaskBench): Reason | null {
  if (analysis.class === 'write') return writeProblem(first, analysis, told)
  return analysis.isExplain || context.isExplained === true ? explainMasked(first.name, first.span) : null
}

/** A write may go by columns that are shown as they are, in tables of which every row is there. */
function writeProblem(first: RelationUse, analysis: Analysis, told: Verdict): Reason | null {
  if (told.masked.length === 0 && told.filtered.length === 0) return null
  const column = analysis.columns.find((use) => told.masked.includes(use.told))
  return writesMasked(first.name, column?.span ?? first.span)
}

function refuse(verdict: Verdict, reason: Reason): Verdict {
  return {
    ...verdict,
    decision: 'refuse',
    reasons: [...verdict.reasons.filter((one) => one.code !== 'guard.write-needs-approval'), reason],
  }
}

interface Touched {
  /** Relations named that are masked or filtered, by themselves or through what they show. */
  readonly uses: readonly RelationUse[]
  readonly masked: readonly string[]
  readonly filtered: readonly string[]
}

function touchedBy(analysis: Analysis, plan: MaskPlan, sourcesOf: (use: RelationUse) => ViewSources): Touched {
  const uses: RelationUse[] = []
  const filtered = new Set<string>()
  const columns: ColumnUse[] = [...analysis.columns]
  for (const use of analysis.relations) {
    const sources = sourcesOf(use)
    columns.push(...sources.columns)
    const own = plan.of(certain(use.relation)) // a relation that is not there has been refused
    if (own !== null || isTouched(sources, plan)) uses.push(use)
    for (const { schema, name } of [use, ...sources.relations]) if (isFiltered(plan, schema, name)) filtered.add(`${schema}.${name}`)
  }
  const masked = columns.filter((use) => plan.find(use.schema, use.relation)?.masks.has(use.column) === true).map((use) => use.told)
  return { uses, masked: [...new Set(masked)].toSorted(), filtered: [...filtered].toSorted() }
}

function isFiltered(plan: MaskPlan, schema: string, name: string): boolean {
  const masking = plan.find(schema, name)
  return masking !== null && (masking.filters.length > 0 || masking.problem !== null)
}

/** Whether a view shows anything that is masked or filtered, all the way down. */
export function isTouched(sources: ViewSources, plan: MaskPlan): boolean {
  const isConcerned = sources.relations.some(({ schema, name }) => {
    const isUnlisted = plan.find(schema, name) === null && plan.isUnlisted(schema, name)
    return isFiltered(plan, schema, name) || (isUnlisted && plan.mayConcern(schema, name))
  })
  return isConcerned || sources.columns.some((use) => plan.find(use.schema, use.relation)?.masks.has(use.column) === true)
}
