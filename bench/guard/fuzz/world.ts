import type { Catalog } from '../../../src/domain/index.ts'

/** A real server with everything within reach, and an eye on whether anything changes. */
export interface World {
  readonly catalog: Catalog
  /** Every function of the server and of the database. */
  readonly functions: readonly string[]
  /** Runs a statement as somebody who may do anything; `change` says what is no longer as it was, null: nothing. */
  run(sql: string): Promise<{ readonly error: string | null; readonly change: string | null }>
  close(): Promise<void>
}
