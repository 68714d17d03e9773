import type { Relation } from '../../../domain/index.ts'
import { noConditions, type Conditions } from './found.ts'
import { readAbsences, readPresences } from './read-absences.ts'
import { readAverages, readNumber } from './read-numbers.ts'
import { readOthers } from './read-others.ts'
import { readPeriodCondition } from './read-periods.ts'
import { readStates } from './read-states.ts'
import { readValue } from './read-values.ts'
import type { Reader } from './reader.ts'
import { isBooleanType } from './vocabulary.ts'

/** Values, numbers and periods become conditions; what they are said of is taken from the mentions beside them. */
export function readConditions(reader: Reader, subject: Relation): Conditions {
  const conditions = noConditions()
  readFlags(reader, subject, conditions)
  readStates(reader, subject, conditions)
  readOthers(reader, subject, conditions)
  readAbsences(reader, subject, conditions)
  for (const mention of reader.mentions) {
    if (!reader.isFree(mention)) continue
    if (mention.kind === 'value') readValue(reader, subject, mention, conditions)
    else if (mention.kind === 'number') readNumber(reader, subject, mention, conditions)
    else if (mention.kind === 'period') readPeriodCondition(reader, subject, mention, conditions)
  }
  readAverages(reader, subject, conditions)
  readPresences(reader, subject, conditions)
  return conditions
}

/** "discontinued products", "customers that are not active": a yes-or-no column said of a thing. */
function readFlags(reader: Reader, subject: Relation, conditions: Conditions): void {
  for (const mention of reader.free) {
    if (mention.kind !== 'column' || !mention.columns.some(({ column }) => isBooleanType(column.type))) continue
    const before = reader.words(mention.from - 3, mention.from)
    const isSaid = reader.next(mention)?.from === mention.to || /\b(is|are|was|were|not|been)( in| on)?$/.test(before)
    if (!isSaid) continue
    reader.take(mention)
    const isNegated = /\b(not|no|non)\b/.test(before)
    if (isNegated) reader.understand(mention.from - 3, mention.from)
    const flags = { ...mention, columns: mention.columns.filter(({ column }) => isBooleanType(column.type)) }
    conditions.where.push({
      condition: { kind: 'compare', column: reader.pickColumn(flags, subject), comparison: '=', value: isNegated ? 'false' : 'true' },
      from: mention.from,
      to: mention.to,
    })
  }
}
