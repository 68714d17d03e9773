import type { ApprovedStatement, Catalog, Dialect, Disclosure, Secret, Truncation } from '../../domain/index.ts'
import type { Cell, DatabaseUserReport, ResultColumn } from '../../contract/index.ts'

/** Signs in for approved writes; without one the user that reads does. */
export interface WriterSignIn {
  readonly user: string
  /** `reveal` throws what keeps it from being found, so that reads need not know. */
  readonly password: Secret | null
}

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
      readonly writer?: WriterSignIn | null
    }
  | {
      readonly engine: 'mysql' | 'mariadb'
      readonly host: string
      readonly port: number
      readonly database: string
      readonly user: string
      readonly password: Secret | null
      readonly sslmode: 'disable' | 'require' | 'verify-full'
      readonly writer?: WriterSignIn | null
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

/** A piece of a file in the making. */
export interface CopyChunk {
  readonly bytes: Uint8Array
  /** How many rows it has, all of them whole, a CSV's header line not counted; null: it may begin or end within a row. */
  readonly rows: number | null
}

/** What EXPLAIN says, without running the statement. */
export interface Explanation {
  readonly text: string
  readonly estimatedRows: number | null
  readonly estimatedCost: number | null
}

/** What a write has done when only its commit is missing. */
export interface PendingWrite {
  /** Rows the statement inserted, changed or deleted in its target; null: the server does not tell. */
  readonly affectedRows: number | null
  /** Names the transaction for `EnginePool.settle`; null: what became of it cannot be asked later. */
  readonly marker: string | null
}

export interface WriteOptions {
  readonly signal: AbortSignal
  readonly mark: RunMark
  /**
   * Called once, after the statement and before its commit, which waits for it. When it throws, everything is rolled
   * back and `write` throws the same. Who makes `pending` durable here can tell after a crash what became of the write.
   */
  readonly beforeCommit: (pending: PendingWrite) => Promise<void>
}

export interface WriteResult {
  readonly affectedRows: number | null
  /** What RETURNING gave, cut at the row and byte limits of the seal; no columns where there was none. */
  readonly columns: readonly ResultColumn[]
  readonly rows: readonly (readonly Cell[])[]
  readonly truncated: Truncation | null
}

export interface DryRun {
  readonly affectedRows: number | null
  /** What a rollback does not take back, or the count does not cover; one sentence each. */
  readonly notes: readonly string[]
}

/** What became of a write whose end nobody has seen. `running`: its transaction is still open; ask again. */
export type WriteEnd = 'committed' | 'rolled-back' | 'running' | 'unknown'

/** One database connection on loan: a read-only transaction per statement, or, where it was lent to write, one that is committed. */
export interface Lease {
  /** Throws `run.timeout`, `run.cancelled`, `engines.*`; never an error text that carries row values. */
  read(approved: ApprovedStatement, options: ReadOptions): Promise<ResultStream>
  /** The server's own bulk path; null where the engine or the statement has none. CSV has a header line. */
  copy(approved: ApprovedStatement, format: CopyFormat, options: ReadOptions): Promise<AsyncIterable<CopyChunk> | null>
  explain(approved: ApprovedStatement, options: Omit<ReadOptions, 'batchRows'>): Promise<Explanation>
  /**
   * One statement in a transaction of its own. Throws `run.outcome-unknown` when the answer to the commit was lost;
   * after any other error nothing was changed. A lease lent to read throws `engines.read-only`, as does a seal for reading.
   */
  write(approved: ApprovedStatement, options: WriteOptions): Promise<WriteResult>
  /** Runs the write and rolls it back; null where the engine cannot take it back. Not for reads either. */
  dryRun(approved: ApprovedStatement, options: Omit<WriteOptions, 'beforeCommit'>): Promise<DryRun | null>
  /** Back to the pool; closed instead when its state is not known. */
  release(): Promise<void>
}

export interface LeaseOptions {
  readonly signal: AbortSignal
  readonly waitMs?: number
  /** `write` signs in as the target's writer, in sessions that are closed after one statement. Default `read`. */
  readonly access?: 'read' | 'write'
}

/** All leases of one connection; opened on first use. */
export interface EnginePool {
  readCatalog(options: { readonly disclosure: Disclosure; readonly signal?: AbortSignal }): Promise<Catalog>
  /** What the user that reads could do. */
  preflight(signal?: AbortSignal): Promise<DatabaseUserReport>
  /** What the user could do that writes; null: there is none but the one that reads. */
  preflightWriter(signal?: AbortSignal): Promise<DatabaseUserReport | null>
  /** Waits in a bounded queue; throws `engines.busy` when that is full or `waitMs` is over. */
  lease(options: LeaseOptions): Promise<Lease>
  /** What became of the write that `beforeCommit` was told of with this marker. */
  settle(marker: string, signal?: AbortSignal): Promise<WriteEnd>
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
