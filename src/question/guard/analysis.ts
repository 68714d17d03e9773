import type { Reason, Relation, Span, StatementClass, WriteVerb } from '../../domain/index.ts'

/** A name with its schema. Without a catalog nobody knows which database of MySQL a name is looked up in. */
export function qualified(schema: string, name: string): string {
  return schema === '' ? name : `${schema}.${name}`
}

/** A relation the statement names; `relation` is null where the catalog has none of that name, or there is no catalog. */
export interface RelationUse {
  readonly schema: string
  readonly name: string
  readonly relation: Relation | null
  /** The schema as it is told to somebody who may not know where the relation is: as written, or the first of the path. */
  readonly writtenSchema: string
  readonly span: Span
}

/** A column of a base relation that the statement reads or writes. */
export interface ColumnUse {
  readonly schema: string
  readonly relation: string
  readonly column: string
  /** `schema.relation.column`, as a verdict tells it. */
  readonly told: string
  readonly span: Span
  /** false: taken in by `*`, a whole row or a natural join; its name must not be told to who may not read it. */
  readonly isNamed: boolean
}

/** One relation whose rows the statement changes. Its columns are among `columns` too: nobody writes what they may not see. */
export interface WriteUse {
  readonly target: RelationUse
  readonly verb: WriteVerb
  /** Columns given a value; none for a delete. */
  readonly columns: readonly string[]
  /** true: no condition on its rows, so all of them are changed. */
  readonly isWhole: boolean
}

/** A column no relation in reach has. */
export interface MissingColumn {
  readonly name: string
  readonly span: Span
  /** Names that could have been meant. */
  readonly candidates: readonly string[]
}

/** All a dialect's grammar and the catalog say of one statement; what they do not know is a reason against it. */
export interface Analysis {
  readonly class: StatementClass
  /** Why it cannot be let through, whatever the policy; empty for a plain statement. */
  readonly problems: readonly Reason[]
  readonly relations: readonly RelationUse[]
  readonly columns: readonly ColumnUse[]
  readonly missingColumns: readonly MissingColumn[]
  readonly functions: readonly string[]
  /** A write without any is refused: what it changes is not known. */
  readonly writes: readonly WriteUse[]
  /** What the views of the statement read, where the dialect tells it with the statement itself. */
  readonly behindViews?: { readonly relations: readonly Relation[]; readonly columns: readonly ColumnUse[] }
  /** true: an EXPLAIN of the rest. */
  readonly isExplain?: boolean
  /** Byte offsets of the statement in the text, without the closing semicolon and what follows it. */
  readonly statement: Span
}

/** An analysis of text that could not be read at all. */
export function unreadable(reason: Reason, sql: string): Analysis {
  const statement = { start: 0, end: Buffer.byteLength(sql) }
  return { class: 'unknown', problems: [reason], relations: [], columns: [], missingColumns: [], functions: [], writes: [], statement }
}
