import type { Relation } from '../../../domain/index.ts'
import type { FoundSuperlative } from './found.ts'
import { countable, fansOut } from './join-graph.ts'
import { aggregateIn } from './phrases.ts'
import type { Reader } from './reader.ts'
import { measurable } from './said-of.ts'
import type { ColumnWords } from './vocabulary.ts'

/** "top 5 sellers by total sales", "the best 3 towns by number of orders": what they are ranked by stands behind "by". */
export function readRanking(reader: Reader, subject: Relation): FoundSuperlative | null {
  const top = reader.tokens.findIndex((token) => /^(top|best|bottom|worst)$/.test(token.lower))
  const by = top < 0 ? -1 : reader.tokens.findIndex((token, at) => at > top && at <= top + 8 && /^(by|on)$/.test(token.lower))
  const measure = by < 0 ? undefined : reader.free.find((mention) => mention.from > by && mention.from <= by + 5)
  if (measure === undefined) return null
  const between = reader.words(by + 1, measure.from)
  const isDescending = !/^(bottom|worst)$/.test(reader.tokens[top]?.lower ?? '')
  const done = (order: FoundSuperlative['order'], isCounted: boolean): FoundSuperlative => {
    reader.take(measure)
    reader.understand(top, top + 1)
    reader.understand(by, measure.to)
    return { order, isCounted }
  }
  if (measure.kind === 'table' && /^(the )?(total )?(number|count) of( the| all| their)*$/.test(between)) {
    const relation = countable(reader.catalog, subject, reader.pickTable(measure.tables).relation)
    return relation === null ? null : done({ output: { kind: 'count', relation }, isDescending }, true)
  }
  if (measure.kind !== 'column') return null
  const column = reader.pickColumn(measurable(measure), subject)
  const isOfMany = fansOut(reader.catalog, subject, column.relation)
  const aggregate = aggregateIn(between) ?? (isOfMany && isAdditive(column) ? 'sum' : null)
  if (aggregate === null && /[a-z]/.test(between.replace(/^(the|their)$/, ''))) return null
  if (aggregate === null && isOfMany) return null
  return aggregate === null
    ? done({ output: { kind: 'column', column }, isDescending }, false)
    : done({ output: { kind: 'aggregate', aggregate, column, isDistinct: false }, isDescending }, true)
}

/** "top products by quantity": of many rows each, what can be added up is. */
function isAdditive({ stems }: ColumnWords): boolean {
  return /\b(quantit|amount|total|hour|point)/.test(stems.join(' '))
}
