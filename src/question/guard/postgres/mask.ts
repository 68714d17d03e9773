import type { Reason } from '../../../domain/index.ts'
import type { MaskRequest } from '../analyser.ts'
import type { RelationUse } from '../analysis.ts'
import { certain } from '../certain.ts'
import { isTouched } from '../mask/apply-masks.ts'
import type { Masking, MaskPlan } from '../mask/mask-plan.ts'
import { behindView, unfitMask, unspliced } from '../mask/mask-reasons.ts'
import type { MaskedText } from '../mask/masked-text.ts'
import type { ViewSources } from '../view-sources.ts'
import { analysePostgres, type AnalyseOptions } from './analyse.ts'
import { filterText, HiddenValues, maskExpression, quoteName } from './render-mask.ts'
import { splice, type Replacement } from './splice.ts'

type Rules = Omit<AnalyseOptions, 'isLenient' | 'paramCount'> & { readonly sourcesOf: (use: RelationUse) => ViewSources }

/**
 * The statement with every masked or filtered relation replaced by a select that masks and filters at the source; views over
 * such relations are opened. The new text is judged again: no reference of such a relation may be left outside our selects.
 */
export function maskPostgres(request: MaskRequest, rules: Rules): MaskedText | Reason {
  const hidden = new HiddenValues(request.paramCount ?? mostParams)
  const replaced = replaceAll(request.sql, request.uses, { plan: request.plan, rules, hidden, depth: 0 })
  if ('code' in replaced) return replaced
  const paramCount = request.paramCount === null ? null : request.paramCount + hidden.all.length
  const again = analysePostgres(replaced.sql, { ...rules, paramCount, isLenient: false })
  const isInside = (use: RelationUse): boolean => replaced.own.some((own) => use.span.start >= own.start && use.span.end <= own.end)
  const isOdd = again.class !== 'read' || again.missingColumns.length > 0
  const left = again.relations.filter((use) => use.relation !== null && request.plan.of(use.relation) !== null && !isInside(use))
  const [problem] = [...again.problems, ...[...left, ...request.uses.filter(() => isOdd)].map(unspliced)]
  return problem ?? { sql: replaced.sql, hidden: hidden.all, overlay: null }
}

interface Work {
  readonly plan: MaskPlan
  readonly rules: Rules
  readonly hidden: HiddenValues
  readonly depth: number
}

const deepestView = 16
/** More than a statement may come with. */
const mostParams = 1_000

function replaceAll(sql: string, uses: readonly RelationUse[], work: Work): ReturnType<typeof splice> {
  const replacements: Replacement[] = []
  for (const use of uses) {
    const made = replacementOf(use, work)
    if (made === null) continue
    if ('code' in made) return { span: use.span, ...made }
    replacements.push(made)
  }
  return splice(sql, replacements)
}

/** null: the relation is shown as it is. */
function replacementOf(use: RelationUse, work: Work): Replacement | Reason | null {
  const relation = certain(use.relation)
  const own = work.plan.of(relation)
  if (own?.problem != null) return own.problem
  const opened = isTouched(work.rules.sourcesOf(use), work.plan) ? openView(use, work) : null
  if (opened !== null && typeof opened !== 'string') return opened
  if (own === null && opened === null) return null
  const masking = own ?? { relation, masks: new Map(), filters: [], problem: null }
  const list = columnList(masking, work.hidden)
  if (typeof list !== 'string') return list
  const conditions = masking.filters.map((filter) => filterText(filter, 'm', work.hidden))
  // OFFSET 0 is a fence: what the asker writes is never evaluated on a row that the filter takes away.
  const rest = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')} OFFSET 0`
  const source = `${quoteName(relation.schema)}.${quoteName(relation.name)}`
  return {
    span: use.span,
    schema: relation.schema,
    name: relation.name,
    select: (isOnly) => `SELECT ${list} FROM ${opened === null ? `${isOnly ? 'ONLY ' : ''}${source}` : `(${opened})`} AS m${rest}`,
  }
}

function columnList(masking: Masking, hidden: HiddenValues): string | Reason {
  const columns: string[] = []
  for (const { name, type } of masking.relation.columns) {
    const column = `m.${quoteName(name)}`
    const mask = masking.masks.get(name)
    const shown = mask === undefined ? column : maskExpression(column, type, mask, hidden)
    if (shown === null) return unfitMask(masking.relation.name, name)
    columns.push(mask === undefined ? shown : `${shown} AS ${quoteName(name)}`)
  }
  return columns.join(', ')
}

/** The text of a view with masks at its own sources. What is stored in a materialized one was never masked. */
function openView(use: RelationUse, work: Work): string | Reason {
  const { relation } = use
  const definition = relation?.kind === 'view' ? relation.definition : null
  if (definition === null || work.depth >= deepestView) return behindView(use.name, use.span)
  const text = definition.replace(/;\s*$/, '')
  const analysis = analysePostgres(text, { ...work.rules, paramCount: null, isLenient: true })
  const isReadable = analysis.class === 'read' && analysis.problems.length === 0 && analysis.relations.every((one) => one.relation !== null)
  if (!isReadable) return behindView(use.name, use.span)
  const spliced = replaceAll(text, analysis.relations, { ...work, depth: work.depth + 1 })
  return 'code' in spliced ? { ...spliced, span: use.span } : spliced.sql
}
