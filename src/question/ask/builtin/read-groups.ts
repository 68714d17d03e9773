import type { Relation } from '../../../domain/index.ts'
import { findEarned } from './earned.ts'
import type { Mention } from './mentions.ts'
import { isSaidPer } from './read-outputs.ts'
import { isSpanOf, readSpan } from './read-shares.ts'
import type { Reader } from './reader.ts'
import { keyColumn } from './said-of.ts'
import { isKey, type ColumnRef } from './vocabulary.ts'

const groupStart =
  /\b(for each|for every|of each|in each|by each|at each|on each|per|grouped by|group by|each|every|by|across)( of)?( the| different| distinct| unique| individual)*$/

export interface Groups {
  readonly groups: ColumnRef[]
  /** Keys of the things that are shown by a name: two of the same name stay two. */
  readonly keys: ColumnRef[]
}

/** "for each town", "per customer segment", "by month": what the rows are gathered by. */
export function readGroups(reader: Reader, subject: Relation): Groups {
  const groups: ColumnRef[] = []
  const keys: ColumnRef[] = []
  const isAggregating =
    findEarned(reader) !== null ||
    isSaidPer(reader, subject) ||
    /\b(how many|number|count|average|mean|total|sum|maximum|minimum|max|min|highest|lowest|most|least|largest|smallest)\b/.test(
      reader.words(0, reader.tokens.length),
    )
  for (const mention of reader.free) {
    if (mention.kind !== 'column' && mention.kind !== 'table') continue
    const before = reader.words(mention.from - 4, mention.from)
    const start = groupStart.exec(before)?.[0] ?? ''
    const isChained = groups.length > 0 && /\band( the)?$/.test(before) && mention.from - (reader.previous(mention)?.to ?? 0) <= 2
    // "customers and the number of orders they placed"
    const isCountedBeside =
      mention.kind === 'table' &&
      /^(and|with|together with|along with)(( the| their)?( total)? (number|count) of|( the| their) (total|average|mean|sum|maximum|minimum|max|min))\b/.test(
        reader.words(mention.to, mention.to + 6),
      )
    if (!isAggregating || !(groupStart.test(before) || isChained || isCountedBeside)) continue
    if (mention.kind === 'column') {
      // "lessons per year" is the year of the lesson, not of something else.
      if (isSpanOf(reader, subject, mention)) continue
      const meant = reader.meant(reader.pickColumn(mention, subject), mention)
      if (meant.some(({ relation }) => !mention.columns.some((column) => column.relation === relation))) keys.push(...keysOf(meant))
      groups.push(...meant)
      reader.take(mention)
    } else {
      const { relation } = reader.pickTable(mention.tables)
      if (relation === subject && /\b(sort|order|rank)(ed)? by$/.test(before)) continue
      const sort = sortBehind(reader, mention, relation)
      if (sort !== null) {
        groups.push(sort.column)
        if (relation !== subject) reader.take(mention)
        reader.take(sort.mention)
        reader.understand(mention.from - start.split(' ').length, sort.mention.to)
        continue
      }
      groups.push(...reader.label(relation))
      keys.push(...keysOf(reader.label(relation)))
      if (relation !== subject) reader.take(mention)
    }
    reader.understand(mention.from - start.split(' ').length, mention.to)
  }
  const span = isAggregating ? readSpan(reader, subject) : null
  if (span !== null) groups.push(span)
  return { groups, keys }
}

/** "per customer segment": the sort a thing is of, not each thing. */
function sortBehind(
  reader: Reader,
  mention: Mention,
  relation: Relation,
): { readonly column: ColumnRef; readonly mention: Mention } | null {
  const next = reader.next(mention)
  if (next?.kind !== 'column' || next.from !== mention.to || !reader.isFree(next)) return null
  const column = next.columns.find((one) => one.relation === relation && !one.isLabel && !isKey(one))
  return column === undefined ? null : { column, mention: next }
}

function keysOf(label: readonly ColumnRef[]): ColumnRef[] {
  const key = label[0] === undefined ? null : keyColumn(label[0].relation)
  return key === null ? [] : [key]
}
