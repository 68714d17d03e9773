import type { Relation } from '../../../domain/index.ts'
import type { Conditions } from './found.ts'
import { childNamed } from './read-absences.ts'
import type { Reader } from './reader.ts'
import type { ColumnWords } from './vocabulary.ts'
import { root } from '../words.ts'

const closings = ['close', 'resolve', 'finish', 'complete', 'end'].map(root)

/** "open tickets", "unpaid orders", "unassigned tickets": what would end the state is not there. */
export function readStates(reader: Reader, subject: Relation, conditions: Conditions): void {
  for (const [at, token] of reader.tokens.entries()) {
    const endings = endingsOf(token.lower)
    const mention = reader.mentions.find(({ from, to }) => from <= at && to > at)
    if (endings.length === 0 || mention?.kind === 'value' || (mention !== undefined && !reader.isFree(mention))) continue
    const next = reader.mentions.find(({ from }) => from === at + 1)
    const isAfterVerb = /^(is|are|was|were|still|remain|remains)$/.test(reader.words(at - 1, at))
    const relation = next?.kind === 'table' ? reader.pickTable(next.tables).relation : isAfterVerb ? subject : null
    if (relation === null) continue
    const ending = endingOf(reader, relation, endings)
    const child = ending === null && relation === subject ? childNamed(reader, subject, endings[0] ?? '') : undefined
    if (ending === null && child === undefined) continue
    const condition =
      ending === null
        ? ({ kind: 'exists', isNegated: true, relation, other: child as Relation, where: [] } as const) // one of the two is there
        : ({ kind: 'compare', column: ending, comparison: 'is null', value: '' } as const)
    if (mention !== undefined) reader.take(mention)
    reader.understand(at, at + 1)
    reader.assumptions.push(
      `“${token.text}” is without ${ending === null ? `any ${child?.name ?? ''}` : `${relation.name}.${ending.column.name}`}.`,
    )
    conditions.where.push({ condition, from: at, to: at + 1 })
  }
}

function endingsOf(word: string): readonly string[] {
  if (word === 'open') return closings
  const undone = /^un(\w{2,}ed|paid|sold|sent)$/.exec(word)?.[1]
  return undone === undefined ? [] : [root(undone)]
}

/** The one column that may be empty and is named by the end of the state. */
function endingOf(reader: Reader, relation: Relation, endings: readonly string[]): ColumnWords | null {
  const found = reader
    .tableOf(relation)
    .columns.filter(
      ({ column, stems }) => column.isNullable && stems.some((word) => endings.includes(word) || endings.includes(root(word))),
    )
  return found.length === 1 ? (found[0] ?? null) : null
}
