import type { AnswerEvent } from '../contract/index.ts'
import type { CopyFormat } from '../platform/engines/index.ts'

/** How the rows are wanted: as cells for people and programs, or as the bytes of a file. */
export interface Delivery {
  /** null: cells. */
  readonly format: CopyFormat | null
  readonly batchRows: number
  /** true: a text that a spreadsheet would take for a formula is made a plain one. CSV only, and not on the bulk path. */
  readonly escapesFormulas?: boolean
  /** true: whoever reads wants to hear of long work while it goes on. */
  readonly hasProgress?: boolean
}

export const cells: Delivery = { format: null, batchRows: 500 }
export const watchedCells: Delivery = { ...cells, hasProgress: true }
export const csv: Delivery = { format: 'csv', batchRows: 2_000 }
export const safeCsv: Delivery = { ...csv, escapesFormulas: true }
export const ndjson: Delivery = { format: 'ndjson', batchRows: 2_000 }

/** Bytes of a file, in place of `rows-batch`; never crosses a process as an event. */
export interface RowsChunk {
  readonly type: 'rows-chunk'
  readonly bytes: Uint8Array
}

/** `json`: the rows as text, where that has been made; a surface need not make it again. Never crosses a process with the event. */
type RowsBatch = Extract<AnswerEvent, { type: 'rows-batch' }> & { readonly json?: string }

export type PipelineEvent = Exclude<AnswerEvent, { type: 'rows-batch' }> | RowsBatch | RowsChunk
