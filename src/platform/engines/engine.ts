import type { ApprovedStatement, Catalog, Dialect, Disclosure, Secret } from '../../domain/index.ts'
import type { Cell, PrivilegeReport, ResultColumn } from '../../contract/index.ts'

/** Where a database is and how to sign in, as the operator or an editor gave it. Hostile input: engines allow-list it. */
export type EngineTarget =
  | {
      readonly engine: 'postgres'
      readonly host: string
      readonly port: number
      readonly database: string
      readonly user: string
      readonly password: Secret | null
      readonly sslmode: 'disable' | 'require' | 'verify-full'
    }
  | { readonly engine: 'sqlite'; readonly file: string }

/** Who runs a statement, for the comment a DBA sees beside it. Never part of the judged text. */
export interface RunMark {
  readonly entryId: string
  readonly actor: string
}

export interface ReadOptions {
  readonly signal: AbortSignal
  readonly mark: RunMark
  /** Rows per batch; the next is fetched only while the reader keeps up. */
  readonly batchRows: number
}

/** Rows of one statement, exact text, with backpressure. Leaving `batches` early stops the server's query. */
export interface ResultStream {
  readonly columns: readonly ResultColumn[]
  readonly batches: AsyncIterable<readonly (readonly Cell[])[]>
}

export const copyFormats = ['csv', 'ndjson'] as const
export type CopyFormat = (typeof copyFormats)[number]

/** What EXPLAIN says, without running the statement. */
export interface Explanation {
  readonly text: string
  readonly estimatedRows: number | null
  readonly estimatedCost: number | null
}

/** One database connection on loan, inside one read-only transaction per statement. */
export interface Lease {
  /** Throws `run.timeout`, `run.cancelled`, `engines.*`; never an error text that carries row values. */
  read(approved: ApprovedStatement, options: ReadOptions): Promise<ResultStream>
  /** The server's own bulk path; null where the engine or the statement has none. Chunks may split lines. CSV has a header line. */
  copy(approved: ApprovedStatement, format: CopyFormat, options: ReadOptions): Promise<AsyncIterable<Uint8Array> | null>
  explain(approved: ApprovedStatement, options: Omit<ReadOptions, 'batchRows'>): Promise<Explanation>
  /** Back to the pool; closed instead when its state is not known. */
  release(): Promise<void>
}

/** All leases of one connection; opened on first use. */
export interface EnginePool {
  readCatalog(options: { readonly disclosure: Disclosure; readonly signal?: AbortSignal }): Promise<Catalog>
  preflight(signal?: AbortSignal): Promise<PrivilegeReport>
  /** Waits in a bounded queue; throws `engines.busy` when that is full or `waitMs` is over. */
  lease(options: { readonly signal: AbortSignal; readonly waitMs?: number }): Promise<Lease>
  close(): Promise<void>
}

export interface PoolOptions {
  readonly maxLeases: number
  readonly maxWaiting: number
  readonly connectTimeoutMs: number
}

/** One kind of server. */
export interface Engine {
  readonly dialect: Dialect
  /** Nothing connects until the pool is used. */
  open(target: EngineTarget, options: PoolOptions): EnginePool
}
