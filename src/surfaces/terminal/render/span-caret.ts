import type { Span } from '../../../domain/index.ts'
import { printable } from './printable.ts'
import { sliceColumns, widthOf } from './width.ts'

/** The line of a statement a span lies in, and a line of carets under it. */
export interface Caret {
  readonly line: string
  readonly marks: string
  /** From 1; shown where the statement has several lines. */
  readonly lineNumber: number
}

/** Finds a byte span (UTF-8) in a statement and lays carets under it, in a window of at most `columns` screen columns. */
export function caretUnder(sql: string, span: Span, columns: number): Caret | null {
  const bytes = Buffer.from(sql, 'utf8')
  if (span.start < 0 || span.start > bytes.length || span.end < span.start) return null
  const start = bytes.subarray(0, span.start).toString('utf8').length
  const end = Math.max(start + 1, bytes.subarray(0, span.end).toString('utf8').length)
  const lineStart = sql.lastIndexOf('\n', start - 1) + 1
  const lineEnd = sql.indexOf('\n', start) < 0 ? sql.length : sql.indexOf('\n', start)
  const show = (text: string): string => printable(text.replaceAll('\t', ' ').replaceAll('\r', ''))
  const from = widthOf(show(sql.slice(lineStart, start)))
  const width = Math.max(1, widthOf(show(sql.slice(start, Math.min(end, lineEnd)))))
  const lineNumber = sql.slice(0, lineStart).split('\n').length
  return windowed({ line: show(sql.slice(lineStart, lineEnd)), from, width, lineNumber }, columns)
}

/** Cuts a long line to the part around the carets. */
function windowed(found: { line: string; from: number; width: number; lineNumber: number }, columns: number): Caret {
  const { line, from, width, lineNumber } = found
  const room = Math.max(20, columns)
  if (widthOf(line) <= room) return { line, marks: ' '.repeat(from) + '^'.repeat(width), lineNumber }
  const left = Math.max(0, Math.min(from - 10, widthOf(line) - room + 2))
  const head = left > 0 ? '…' : ''
  const shown = sliceColumns(line, left, left + room - 2)
  const tail = left + room - 2 < widthOf(line) ? '…' : ''
  const marks = Math.min(width, room - 2 - (from - left))
  return { line: head + shown + tail, marks: ' '.repeat(head.length + from - left) + '^'.repeat(Math.max(1, marks)), lineNumber }
}
