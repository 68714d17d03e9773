import type { Relation } from '../../../domain/index.ts'
import type { ColumnTest, Condition, Having, Order } from './plan.ts'

/** A condition and the tokens it was read from. */
export interface Found {
  readonly condition: Condition
  readonly from: number
  readonly to: number
}

/** What the readers of conditions fill. */
export interface Conditions {
  readonly where: Found[]
  readonly having: Having[]
  readonly joined: Relation[]
  /** Tests that must all hold for something, though no one row can pass them all. */
  readonly both: ColumnTest[]
  /** Tests that nothing like it may pass. */
  readonly none: ColumnTest[]
  /** Why the question cannot be drafted; null: it can. */
  problem: string | null
  /** Two good readings, as questions; null: one. */
  choices: readonly string[] | null
}

/** What rows are ranked by. */
export interface FoundSuperlative {
  readonly order: Order
  /** true: by an aggregate over the rows of each, so that each is grouped. */
  readonly isCounted: boolean
}

export function noConditions(): Conditions {
  return { where: [], having: [], joined: [], both: [], none: [], problem: null, choices: null }
}

export function isTest(condition: Condition): condition is ColumnTest {
  return condition.kind === 'compare' || condition.kind === 'between' || condition.kind === 'period'
}

export function testsOf(conditions: Pick<Conditions, 'where'>): ColumnTest[] {
  return conditions.where.flatMap(({ condition }) => (isTest(condition) ? [condition] : []))
}
