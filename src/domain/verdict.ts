import type { StatementClass } from './statement-class.ts'
import type { PlannedWrite } from './write-policy.ts'

export * from './approval.ts'
export * from './statement-class.ts'

export const decisions = ['allow', 'confirm', 'refuse'] as const
export type Decision = (typeof decisions)[number]

/** Byte offsets (UTF-8) into the statement's text, end exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** One ground of a verdict. */
export interface Reason {
  /** `guard.<reason>`, stable. */
  readonly code: string
  readonly message: string
  readonly span?: Span
  /** What a person can do about it. */
  readonly hint?: string
}

/** What the guard decided of one statement, and on what. Names are `schema.table`, `schema.table.column`, `schema.function` or built-in `function`. */
export interface Verdict {
  readonly decision: Decision
  readonly class: StatementClass
  readonly reasons: readonly Reason[]
  /** Relations the statement names, views not yet opened; sorted. */
  readonly tables: readonly string[]
  readonly columns: readonly string[]
  readonly functions: readonly string[]
  /** Columns among those read whose values are shown changed; `schema.table.column`; sorted. */
  readonly masked: readonly string[]
  /** Tables of which the asker has only some rows: `schema.table`; sorted. */
  readonly filtered: readonly string[]
  /** What a write does to which tables; absent: nothing is written, or it is not told. */
  readonly writes?: readonly PlannedWrite[]
}
