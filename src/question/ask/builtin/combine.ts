import type { Relation } from '../../../domain/index.ts'
import { isTest, type Conditions, type Found } from './found.ts'
import { fansOut } from './join-graph.ts'
import type { ColumnTest, Condition } from './plan.ts'
import type { Reader } from './reader.ts'

/** Conditions as the words between them join them: "or" makes one of several, "both … and" asks for two rows, the rest hold together. */
export function combine(reader: Reader, subject: Relation, conditions: Conditions): Condition[] {
  const found = conditions.where.toSorted((a, b) => a.from - b.from)
  const joined: Condition[] = []
  for (let at = 0; at < found.length;) {
    const group = alternatives(reader, found, at)
    const [first] = group
    if (first === undefined) break
    at += group.length
    joined.push(
      group.length === 1 ? first.condition : { kind: 'any', of: group.flatMap(({ condition }) => (isTest(condition) ? [condition] : [])) },
    )
  }
  return separate(reader, subject, joined, conditions)
}

/** Tests from here on that "or" connects, with those that only a comma parts from them: "A, B or C". */
function alternatives(reader: Reader, found: readonly Found[], start: number): readonly Found[] {
  let last = start
  for (let at = start; at + 1 < found.length; at++) {
    const [one, next] = [found[at], found[at + 1]]
    if (one === undefined || next === undefined || !isTest(one.condition) || !isTest(next.condition)) break
    const or = reader.tokens.findIndex((_, word) => word >= one.to && word < next.from && reader.isAlternative(word))
    if (or >= 0) {
      reader.understandJoint(or)
      last = at + 1
    } else if (next.from !== one.to || one.condition.column.column !== next.condition.column.column) break
  }
  for (const [at, token] of reader.tokens.entries()) if (token.lower === 'either' && last > start) reader.understand(at, at + 1)
  return found.slice(start, last + 1)
}

/** Two tests that no one value passes are two rows' business, or two readings of "and". */
function separate(reader: Reader, subject: Relation, joined: readonly Condition[], conditions: Conditions): Condition[] {
  const tests = joined.filter(isTest)
  const clashing = tests.filter((test) => tests.some((other) => other !== test && clash(test, other)))
  const [first, second] = clashing
  if (first === undefined || second === undefined) return [...joined]
  const isBoth = reader.tokens.some((token) => /^(both|also)$/.test(token.lower)) || first.kind !== 'compare' || first.comparison !== '='
  if (clashing.length === 2 && !isBoth && reader.readings(first, second).length > 0) conditions.choices = reader.readings(first, second)
  else if (!isBoth) conditions.problem = 'I cannot ask for rows that are two things at once.'
  reader.understandWord('both')
  const isElsewhere = first.column.relation !== subject && fansOut(reader.catalog, subject, first.column.relation)
  conditions.both.push(...clashing)
  if (!isElsewhere && subject !== first.column.relation) conditions.problem ??= 'I cannot ask for rows that are two things at once.'
  return joined.filter((condition) => !isTest(condition) || !clashing.includes(condition))
}

function clash(a: ColumnTest, b: ColumnTest): boolean {
  if (a.column.column !== b.column.column) return false
  if (a.kind === 'period' && b.kind === 'period') return (a.from ?? '') >= (b.to ?? '9999') || (b.from ?? '') >= (a.to ?? '9999')
  if (a.kind !== 'compare' || b.kind !== 'compare') return false
  if (a.comparison === '=' && b.comparison === '=') return true
  const [low, high] = a.comparison.startsWith('>') ? [a, b] : [b, a]
  return (
    low.comparison.startsWith('>') && high.comparison.startsWith('<') && high.comparison !== '<>' && Number(low.value) >= Number(high.value)
  )
}
