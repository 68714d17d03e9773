import type { Relation } from '../../../domain/index.ts'
import type { Conditions } from './found.ts'
import { childNamed } from './read-absences.ts'
import type { Reader } from './reader.ts'
import { isBooleanType, type ColumnWords } from './vocabulary.ts'
import { root, stem } from '../words.ts'

const closings = ['close', 'resolve', 'finish', 'complete', 'end'].map(root)

/** "open tickets", "unpaid orders", "unassigned tickets": what would end the state is not there. */
export function readStates(reader: Reader, subject: Relation, conditions: Conditions): void {
  for (const [at, token] of reader.tokens.entries()) {
    if (readOpposite(reader, subject, at, conditions)) continue
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

/** "inactive users": a yes-or-no column said of them with its opposite. */
function readOpposite(reader: Reader, subject: Relation, at: number, conditions: Conditions): boolean {
  const word = /^(?:in|un|non)(\w{4,})$/.exec(reader.tokens[at]?.lower ?? '')?.[1]
  if (word === undefined || reader.mentions.some(({ from, to }) => from <= at && to > at)) return false
  const flags = reader
    .tableOf(subject)
    .columns.filter(
      ({ column, stems }) => isBooleanType(column.type) && stems.filter((one) => !/^(is|has)$/.test(one)).join(' ') === stem(word),
    )
  const [flag] = flags
  if (flag === undefined || flags.length > 1) return false
  reader.understand(at, at + 1)
  conditions.where.push({ condition: { kind: 'compare', column: flag, comparison: '=', value: 'false' }, from: at, to: at + 1 })
  return true
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
