import type { Reason, Relation, Span, StatementClass } from '../../domain/index.ts'

/** A relation the statement names, found in the catalog; `relation` is null where there is no catalog to look in. */
export interface RelationUse {
  readonly schema: string
  readonly name: string
  readonly relation: Relation | null
  readonly span: Span
}

/** A column of a base relation that the statement reads or writes. */
export interface ColumnUse {
  readonly schema: string
  readonly relation: string
  readonly column: string
  readonly span: Span
}

/** All a dialect's grammar and the catalog say of one statement; what they do not know is a reason against it. */
export interface Analysis {
  readonly class: StatementClass
  /** Why it cannot be let through, whatever the policy; empty for a plain statement. */
  readonly problems: readonly Reason[]
  readonly relations: readonly RelationUse[]
  readonly columns: readonly ColumnUse[]
  readonly functions: readonly string[]
  /** Byte offsets of the statement in the text, without the closing semicolon and what follows it. */
  readonly statement: Span
}

/** An analysis of text that could not be read at all. */
export function unreadable(reason: Reason, sql: string): Analysis {
  const statement = { start: 0, end: Buffer.byteLength(sql) }
  return { class: 'unknown', problems: [reason], relations: [], columns: [], functions: [], statement }
}
