import type { Cell, ResultColumn } from '../../../contract/index.ts'
import type { Overlay, Relation, Truncation } from '../../../domain/index.ts'

export interface ReadRequest {
  readonly type: 'read'
  readonly sql: string
  readonly params: readonly (string | null)[]
  readonly batchRows: number
  readonly maxRowBytes: number
  readonly lockTimeoutMs: number
  /** Masks of the statement, as views; null: there are none. */
  readonly overlay: Overlay | null
}

/** Begins a write; `commit` or `rollback` ends it. */
export interface WriteRequest {
  readonly type: 'write'
  readonly sql: string
  readonly params: readonly (string | null)[]
  readonly maxRows: number
  readonly maxBytes: number
  readonly lockTimeoutMs: number
}

export interface CatalogRequest {
  readonly type: 'catalog'
  readonly hasStatistics: boolean
}

/** What the sandbox is asked. `next` and `stop` belong to the last `read`. */
export type SandboxRequest =
  | ReadRequest
  | WriteRequest
  | CatalogRequest
  | { readonly type: 'next' | 'stop' | 'commit' | 'rollback' }
  /** Takes and gives back the write lock, which also cleans up after a writer that died. */
  | { readonly type: 'change-counter'; readonly lockTimeoutMs: number }

/** What the sandbox answers; each request but `stop` gets exactly one answer, `stop` gets `stopped`. */
export type SandboxAnswer =
  | { readonly type: 'open'; readonly version: string }
  | {
      readonly type: 'columns'
      readonly columns: readonly ResultColumn[]
      readonly rows: readonly (readonly Cell[])[]
      readonly isLast: boolean
    }
  | { readonly type: 'batch'; readonly rows: readonly (readonly Cell[])[]; readonly isLast: boolean }
  | { readonly type: 'catalog'; readonly relations: readonly Relation[] }
  | {
      readonly type: 'written'
      readonly affectedRows: number
      readonly columns: readonly ResultColumn[]
      readonly rows: readonly (readonly Cell[])[]
      readonly truncated: Truncation | null
      readonly changeCounter: number | null
    }
  | { readonly type: 'ended' }
  | { readonly type: 'change-counter'; readonly changeCounter: number | null }
  | { readonly type: 'stopped' }
  | SandboxFailure

/** An error of SQLite, by its result code; the text is judged in errors.ts before anyone sees it. */
export interface SandboxFailure {
  readonly type: 'failed'
  readonly state: number
  readonly message: string
}
