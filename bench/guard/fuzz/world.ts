import type { Catalog } from '../../../src/domain/index.ts'

/** A real server with everything within reach, and an eye on whether anything changes. */
export interface World {
  readonly catalog: Catalog
  /** Every function of the server and of the database. */
  readonly functions: readonly string[]
  /** Runs a statement as somebody who may do anything. */
  run(sql: string): Promise<Aftermath>
  close(): Promise<void>
}

export interface Aftermath {
  readonly error: string | null
  /** What is no longer as it was; null: nothing. */
  readonly change: string | null
  /** true: the statement ended the server itself, and with it this world. */
  readonly isGone?: boolean
}
