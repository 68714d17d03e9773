import type { Cell, ResultColumn } from '../../contract/index.ts'
import { csvHeader, csvRows } from './csv.ts'
import { ndjsonRows } from './ndjson.ts'

/** What a run yields; chunks are already in the format wanted. */
type RowsEvent =
  | { readonly type: 'rows-begin'; readonly columns: readonly ResultColumn[] }
  | { readonly type: 'rows-batch'; readonly rows: Cell[][] }
  | { readonly type: 'rows-chunk'; readonly bytes: Uint8Array }

/** Passes cells and copied bytes on; writes cells as bytes where a file is wanted and the engine could not copy. */
export function present(
  events: AsyncGenerator<RowsEvent>,
  { format, escapesFormulas = false }: { readonly format: 'csv' | 'ndjson' | null; readonly escapesFormulas?: boolean },
): AsyncGenerator<RowsEvent> {
  return format === null ? events : asFile(events, format, escapesFormulas)
}

async function* asFile(events: AsyncGenerator<RowsEvent>, format: 'csv' | 'ndjson', escapesFormulas: boolean): AsyncGenerator<RowsEvent> {
  let columns: readonly ResultColumn[] = []
  for await (const event of events) {
    if (event.type === 'rows-begin') columns = event.columns
    if (event.type === 'rows-chunk') yield event
    else if (event.type === 'rows-batch')
      yield chunk(format === 'csv' ? csvRows(columns, event.rows, escapesFormulas) : ndjsonRows(columns, event.rows))
    else if (format === 'csv') yield chunk(csvHeader(columns, escapesFormulas))
  }
}

function chunk(text: string): RowsEvent {
  return { type: 'rows-chunk', bytes: Buffer.from(text, 'utf8') }
}
