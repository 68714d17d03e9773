import type { RoleName } from './role.ts'

/** What a write does to rows. MERGE and upserts do several. */
export const writeVerbs = ['insert', 'update', 'delete'] as const
export type WriteVerb = (typeof writeVerbs)[number]

/** Which tables and columns may be changed by whom. Patterns as in a PolicyRule. */
export interface WriteRule {
  /** Empty: every writer. */
  readonly roles: readonly RoleName[]
  readonly tables: readonly string[]
  /** Empty: all. */
  readonly verbs: readonly WriteVerb[]
  /** Columns that may be given a value; empty: every column. */
  readonly columns: readonly string[]
  /** `waived`: runs at once, without another person. */
  readonly approval: 'person' | 'waived'
}

/** What a policy says of writes. Without writers nothing is ever changed. */
export interface WritePolicy {
  /** Roles that may have writes run at all. */
  readonly writers: readonly RoleName[]
  /** Where there are rules, what none of them covers may not be written; without any, writers may write what they may read. */
  readonly writes: readonly WriteRule[]
  /** An UPDATE or DELETE of a whole table: refused, or left to the person who approves. */
  readonly wholeTableWrites: 'refuse' | 'confirm'
  /** Code of the database that a write sets off (triggers, rules, defaults): refused unless marked safe, or told to the person who approves. */
  readonly sideEffects: 'refuse' | 'tell'
  /** Roles whose members may approve, if they have the right at all; empty: all of those. */
  readonly approvers: readonly RoleName[]
  /** How long a request waits for a decision. */
  readonly approvalMinutes: number
}

export const closedWrites: WritePolicy = {
  writers: [],
  writes: [],
  wholeTableWrites: 'confirm',
  sideEffects: 'tell',
  approvers: [],
  approvalMinutes: 24 * 60,
}

/** What a write would do to one table, as people are told. */
export interface PlannedWrite {
  /** `schema.table`. */
  readonly table: string
  readonly verb: WriteVerb
  /** Columns given a value; empty for a delete. */
  readonly columns: readonly string[]
  /** true: every row of the table. */
  readonly isWhole: boolean
}

/** Something a write to a relation sets off beyond its own rows. */
export interface WriteEffect {
  readonly kind: 'trigger' | 'rule' | 'default' | 'check' | 'cascade'
  /** Of the trigger, rule, column or key. */
  readonly name: string
  readonly verbs: readonly WriteVerb[]
  /** The function it calls, `schema.function`; null: none that has a name. */
  readonly calls: string | null
  /** The table whose rows it changes, `schema.table`; null: not known, or none. */
  readonly reaches: string | null
}
