import { rowsEndShape, type RowsEnd } from '../../../contract/index.ts'
import { countOf } from '../render/answer-words.ts'
import { printable } from '../render/printable.ts'
import { sizeText } from '../render/size-text.ts'
import type { ExportFormat } from './row-stream.ts'

/** Passes bytes on, but holds back the last line of NDJSON: it is not a row, it says how the rows ended. */
export class TailKeeper {
  readonly #holds: boolean
  #held: Uint8Array[] = []

  constructor(format: ExportFormat) {
    this.#holds = format === 'ndjson'
  }

  /** Parts that certainly belong to rows. */
  take(chunk: Uint8Array): Uint8Array[] {
    if (!this.#holds) return [chunk]
    if (chunk.length === 0) return []
    // The line break that ends the last line ends the rows before it when something follows.
    const lineBreak = chunk.subarray(0, -1).lastIndexOf(0x0a)
    if (lineBreak < 0) return this.#hold(chunk)
    const ready = [...this.#held, chunk.subarray(0, lineBreak + 1)]
    this.#held = [chunk.subarray(lineBreak + 1)]
    return ready
  }

  /** The line held back, as text; null for CSV. */
  lastLine(): string | null {
    return this.#holds ? Buffer.concat(this.#held).toString('utf8') : null
  }

  /** A held line that turned out whole before more bytes came is a row. */
  #hold(chunk: Uint8Array): Uint8Array[] {
    const before = this.#held.at(-1)
    const isComplete = before !== undefined && before[before.length - 1] === 0x0a
    const ready = isComplete ? this.#held : []
    this.#held = isComplete ? [chunk] : [...this.#held, chunk]
    return ready
  }
}

/** The server's last word on the rows; null: it did not say. CSV has it in HTTP trailers, NDJSON in its last line. */
export function readRowsEnd(trailers: Readonly<Record<string, string | undefined>>, lastLine: string | null): RowsEnd | null {
  if (lastLine !== null) return parseEndLine(lastLine)
  const rows = Number(trailers['x-aishell-rows'])
  const truncated = trailers['x-aishell-truncated'] === 'no' ? null : trailers['x-aishell-truncated']
  const parsed = rowsEndShape.safeParse({ outcome: trailers['x-aishell-outcome'], rows, truncated })
  return parsed.success ? parsed.data : null
}

function parseEndLine(line: string): RowsEnd | null {
  try {
    const parsed: unknown = JSON.parse(line)
    const end = typeof parsed === 'object' && parsed !== null && '$end' in parsed ? parsed.$end : null
    return rowsEndShape.safeParse(end).data ?? null
  } catch {
    return null
  }
}

/** `12 rows (3.4 kB) are in orders.csv.` */
export function exportSummary(end: RowsEnd & { readonly bytes: number }, path: string): string[] {
  const cut =
    end.truncated === null ? '' : `, the first ones: ${end.truncated === 'row-cap' ? 'the row limit' : 'the byte limit'} cut the rest`
  return [`${countOf(end.rows, 'row')} (${sizeText(end.bytes)}) written to ${path === '-' ? 'stdout' : printable(path)}${cut}.`]
}
