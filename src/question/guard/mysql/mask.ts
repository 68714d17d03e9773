import type { Reason } from '../../../domain/index.ts'
import type { MaskRequest } from '../analyser.ts'
import type { RelationUse } from '../analysis.ts'
import { certain } from '../certain.ts'
import { isTouched } from '../mask/apply-masks.ts'
import type { Masking, MaskPlan } from '../mask/mask-plan.ts'
import { behindView, unfitMask, unspliced } from '../mask/mask-reasons.ts'
import type { HiddenValue, MaskedText } from '../mask/masked-text.ts'
import type { ViewSources } from '../view-sources.ts'
import { analyseReading, readOf, readStatement, type AnalysisRules, type Parse } from './analyse.ts'
import { MaskWriter, quoteName } from './render-mask.ts'
import { splice, type Bound, type Replacement, type SplicedText } from './splice.ts'

interface Rules extends Omit<AnalysisRules, 'paramCount'> {
  readonly parse: Parse
  readonly sourcesOf: (use: RelationUse) => ViewSources
}

interface Work {
  readonly plan: MaskPlan
  readonly rules: Rules
}

/** The most rows there can be: a fence, for what has a LIMIT is neither merged nor are conditions pushed into it. */
const allRows = '18446744073709551615'

/**
 * The statement with every masked or filtered relation replaced by a select that masks and filters at the source; views over
 * such relations are opened. The new text is judged again: no reference of such a relation may be left outside our selects.
 */
export async function maskMysql(request: MaskRequest, rules: Rules): Promise<MaskedText | Reason> {
  const spliced = await replaceAll(request.sql, request.uses, { plan: request.plan, rules })
  if ('code' in spliced) return spliced
  const reading = await readStatement(spliced.sql, rules.parse)
  const again = analyseReading(reading, spliced.sql, { ...rules, paramCount: spliced.bound.length })
  const isInside = (use: RelationUse): boolean => spliced.own.some((own) => use.span.start >= own.start && use.span.end <= own.end)
  const isOdd = again.class !== 'read' || again.missingColumns.length > 0
  const left = again.relations.filter((use) => use.relation !== null && request.plan.of(use.relation) !== null && !isInside(use))
  const [problem] = [...again.problems, ...[...left, ...request.uses.filter(() => isOdd)].map(unspliced)]
  const hidden = spliced.bound.filter((one) => typeof one !== 'number')
  return problem ?? { sql: spliced.sql, hidden, overlay: null, order: orderOf(spliced.bound) }
}

/** Numbers the values as they are handed over: the asker's own first, then the hidden ones. */
function orderOf(bound: readonly Bound[]): readonly number[] {
  const own = bound.filter((one) => typeof one === 'number').length
  let next = own
  return bound.map((one) => (typeof one === 'number' ? one : next++))
}

async function replaceAll(sql: string, uses: readonly RelationUse[], work: Work): Promise<SplicedText | Reason> {
  const reading = certain(readOf(await readStatement(sql, work.rules.parse)))
  const replacements: Replacement[] = []
  for (const use of uses) {
    const made = await replacementOf(use, work)
    if (made === null) continue
    if ('code' in made) return { span: use.span, ...made }
    replacements.push(made)
  }
  return await splice(reading, replacements, work.rules.parse)
}

/** null: the relation is shown as it is. */
async function replacementOf(use: RelationUse, work: Work): Promise<Replacement | Reason | null> {
  const relation = certain(use.relation)
  const own = work.plan.of(relation)
  if (own?.problem != null) return own.problem
  const opened = isTouched(work.rules.sourcesOf(use), work.plan) ? await openView(use, work) : null
  if (opened !== null && 'code' in opened) return opened
  if (own === null && opened === null) return null
  const masking: Masking = own ?? { relation, masks: new Map(), filters: [], problem: null }
  const writer = new MaskWriter(relation)
  const list = columnList(masking, writer)
  if (typeof list !== 'string') return list
  const listed = writer.hidden.length
  const conditions = masking.filters.map((filter) => writer.filter(filter))
  const source = opened === null ? `${quoteName(relation.schema)}.${quoteName(relation.name)}` : `(${opened.sql})`
  const rest = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')} LIMIT ${allRows}`
  return {
    span: use.span,
    schema: relation.schema,
    name: relation.name,
    select: `SELECT ${list} FROM ${source} AS m${rest}`,
    hidden: [...writer.hidden.slice(0, listed), ...(opened?.hidden ?? []), ...writer.hidden.slice(listed)],
  }
}

function columnList({ relation, masks }: Masking, writer: MaskWriter): string | Reason {
  const columns: string[] = []
  for (const { name } of relation.columns) {
    const mask = masks.get(name)
    const shown = mask === undefined ? `m.${quoteName(name)}` : writer.mask(name, mask)
    if (shown === null) return unfitMask(relation.name, name)
    columns.push(mask === undefined ? shown : `${shown} AS ${quoteName(name)}`)
  }
  return columns.join(', ')
}

/** The text of a view with masks at its own sources. */
async function openView(use: RelationUse, work: Work): Promise<{ readonly sql: string; readonly hidden: readonly HiddenValue[] } | Reason> {
  const definition = certain(use.relation?.definition) // what has none, or too many views below it, is not known and was refused
  const reading = await readStatement(definition, work.rules.parse)
  const analysis = analyseReading(reading, definition, { ...work.rules, paramCount: 0 })
  const isReadable = analysis.class === 'read' && analysis.problems.length === 0 && analysis.relations.every((one) => one.relation !== null)
  if (!isReadable) return behindView(use.name, use.span)
  const spliced = await replaceAll(definition, analysis.relations, work)
  if ('code' in spliced) return { ...spliced, span: use.span }
  return { sql: spliced.sql, hidden: spliced.bound.filter((one) => typeof one !== 'number') }
}
