import type { Overlay } from '../../../domain/index.ts'

/** A table as the witness needs it: names and keys; a view with its text. */
export interface WitnessTable {
  readonly name: string
  readonly columns: readonly string[]
  /** Keys that an ON CONFLICT may name. */
  readonly keys: readonly (readonly string[])[]
  readonly viewText: string | null
}

export interface WitnessRequest {
  readonly id: number
  /** null: there is no catalog; the witness makes tables up as the statement asks for them. */
  readonly catalogKey: string | null
  /** Sent when the thread says it has none of that key. */
  readonly tables: readonly WitnessTable[] | null
  readonly sql: string
  /** Views to be laid over the tables while it is compiled. */
  readonly overlay: WitnessOverlay | null
}

export type WitnessOverlay = Pick<Overlay, 'tables' | 'views'> & { readonly nonce: string }

/** One question SQLite put to its authorizer; `through` is the view it was asked for. */
export type WitnessAction = readonly [
  code: number,
  first: string | null,
  second: string | null,
  database: string | null,
  through: string | null,
]

/** What SQLite's authorizer was asked while the statement was compiled; each question once. */
export interface Testimony {
  readonly actions: readonly WitnessAction[]
  readonly error: string | null
  /** The tables that were made up; null where there was a catalog. */
  readonly guessed: GuessedTables | null
}

export interface GuessedTables {
  readonly tables: readonly WitnessTable[]
  /** Columns, folded, that could as well be another table's. */
  readonly uncertain: readonly string[]
}

export interface WitnessReply extends Testimony {
  readonly id: number
  readonly needsCatalog: boolean
}
