import type { Relation } from '../../../domain/index.ts'
import type { Conditions } from './found.ts'
import { distance, fansOut } from './join-graph.ts'
import { comparisonIn, likePattern } from './phrases.ts'
import type { ColumnTest } from './plan.ts'
import type { Reader } from './reader.ts'
import { saidOf, type ColumnMention, type ValueMention } from './said-of.ts'
import type { ColumnRef, StoredValue } from './vocabulary.ts'

/** A value becomes a condition on the column it is said of, or on the column nearest to the subject that holds it. */
export function readValue(reader: Reader, subject: Relation, mention: ValueMention, conditions: Conditions): void {
  const said = saidOf(reader, mention)
  const before = reader.before(mention)
  const after = reader.after(mention)
  reader.take(mention)
  const isInside =
    said !== null && said.from > mention.to && mention.values.length === 0 && /^in\b/.test(reader.words(mention.to, said.from))
  const pattern = isInside ? `%${mention.text}%` : likePattern(before, said !== null && said.from > mention.from ? '' : after, mention.text)
  const isNegated = comparisonIn(before, '') === '<>'
  if (said !== null && isSaid(said, mention, pattern)) {
    const stored = mention.values.find((value) => said.columns.some((column) => column.column === value.column))
    const column = stored ?? reader.pickColumn(said, subject)
    reader.take(said)
    reader.understandComparison(mention.from - before.split(' ').length, mention.to)
    if (pattern !== null && said.from > mention.from) reader.understandComparison(mention.to, said.from)
    const comparison = pattern === null ? (isNegated ? '<>' : '=') : isNegated ? 'not like' : 'like'
    add({ kind: 'compare', column, comparison, value: pattern ?? stored?.text ?? mention.text }, [
      Math.min(said.from, mention.from),
      Math.max(said.to, mention.to),
    ])
    return
  }
  const column = nearestValue(reader, subject, mention) ?? likeBefore(mention, conditions)
  if (column === null) {
    conditions.problem = `“${mention.text}” is not a value I know of any column here.`
    return
  }
  if (isNegated || pattern !== null) reader.understandComparison(mention.from - before.split(' ').length, mention.from)
  takeKind(reader, subject, mention, column)
  const value = mention.values.find((stored) => stored === column)?.text ?? mention.text
  add({ kind: 'compare', column, comparison: isNegated ? '<>' : '=', value }, [mention.from, mention.to])

  function add(test: Extract<ColumnTest, { kind: 'compare' }>, [from, to]: readonly [number, number]): void {
    const other = test.column.relation
    const isElsewhere = isNegated && other !== subject && fansOut(reader.catalog, subject, other)
    if (!isElsewhere) conditions.where.push({ condition: test, from, to })
    else {
      // "students who do not speak French": no row of theirs, not some row of another language.
      const positive = { ...test, comparison: test.comparison === '<>' ? ('=' as const) : ('like' as const) }
      conditions.where.push({ condition: { kind: 'exists', isNegated: true, relation: subject, other, where: [positive] }, from, to })
    }
  }
}

function isSaid(said: ColumnMention, mention: ValueMention, pattern: string | null): boolean {
  return (
    pattern !== null ||
    mention.values.length === 0 ||
    said.columns.some((column) => mention.values.some((value) => value.column === column.column))
  )
}

/** "in Oslo or ‘Bergen’": of a list of values, one that is not known is said of the column of the one before. */
function likeBefore(mention: ValueMention, { where }: Conditions): ColumnRef | null {
  const last = where.at(-1)
  if (last === undefined || last.condition.kind !== 'compare' || mention.from - last.to > 2) return null
  return last.condition.column
}

/** "the Finance department", "Packing status": the word behind only names the value's own column or table. */
function takeKind(reader: Reader, subject: Relation, mention: ValueMention, { relation }: ColumnRef): void {
  const next = reader.next(mention)
  if (next?.kind === 'table' && next.from === mention.to && reader.pickTable(next.tables).relation === relation && relation !== subject)
    reader.take(next)
}

function nearestValue(reader: Reader, subject: Relation, mention: ValueMention): StoredValue | null {
  const [previous, next] = [reader.previous(mention), reader.next(mention)]
  const beside = [previous, next].flatMap((other) => (other?.kind === 'table' ? other.tables.map((table) => table.relation) : []))
  const named = new Set(reader.namedTables.map(({ table }) => table.relation))
  const rank = ({ relation }: StoredValue): number =>
    (beside.includes(relation) ? 0 : named.has(relation) ? 0.5 : 1) + Math.min(20, distance(reader.catalog, subject, relation))
  const sorted = mention.values.toSorted((a, b) => rank(a) - rank(b))
  const [best, second] = sorted
  if (best !== undefined && second !== undefined && rank(best) === rank(second))
    reader.assumptions.push(`“${mention.text}” is taken for ${best.relation.name}.${best.column.name}.`)
  return best ?? null
}
