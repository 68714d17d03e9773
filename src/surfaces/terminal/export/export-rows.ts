import type { IncomingMessage } from 'node:http'
import type { QuestionBody, RowsEnd } from '../../../contract/index.ts'
import { ceilingLimits, ShellError } from '../../../domain/index.ts'
import { ReaderGone, type Output } from '../output.ts'
import type { Session } from '../session.ts'
import { countOf } from '../render/answer-words.ts'
import { readRowsEnd, TailKeeper } from './export-end.ts'
import { openRowFile, type RowSink } from './row-file.ts'
import { requestRows, type ExportFormat } from './row-stream.ts'

/** What an export asks for: the most that any policy allows; the connection's own ceiling cuts it down. */
export const widestLimits = {
  maxRows: ceilingLimits.maxRows,
  maxBytes: ceilingLimits.maxBytes,
  statementTimeoutMs: ceilingLimits.statementTimeoutMs,
}

export interface ExportOrder {
  readonly body: QuestionBody
  readonly format: ExportFormat
  /** `-` is stdout. */
  readonly path: string
  /** true: the asker set a row limit, so the first rows are what was wanted. */
  readonly isPartWelcome: boolean
  /** Told how much has come so far. */
  readonly onBytes?: (bytes: number) => void
}

/**
 * Streams rows into a file or stdout. The file appears under its name only when the server has said that the rows are
 * all there; otherwise this throws kind `failed` and leaves nothing.
 */
export async function exportRows(
  session: Session,
  order: ExportOrder,
  stdout: Output,
  signal: AbortSignal,
): Promise<RowsEnd & { readonly bytes: number }> {
  // First the file: a database need not work for a place that cannot be written.
  const sink = order.path === '-' ? stdoutSink(stdout) : await openRowFile(order.path)
  try {
    const response = await requestRows(session, order.body, order.format, signal)
    const { end, bytes } = await copyRows(response, sink, order)
    await sink.keep()
    return { ...end, bytes }
  } catch (error) {
    await sink.discard()
    if (signal.aborted) throw new DOMException('Interrupted.', 'AbortError')
    throw error
  }
}

async function copyRows(
  response: IncomingMessage,
  sink: RowSink,
  order: ExportOrder,
): Promise<{ readonly end: RowsEnd; readonly bytes: number }> {
  const tail = new TailKeeper(order.format)
  let bytes = 0
  try {
    // Without an encoding set, an IncomingMessage yields buffers.
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      for (const part of tail.take(chunk)) {
        await sink.write(part)
        bytes += part.length
        order.onBytes?.(bytes)
      }
    }
    return { end: judgeEnd(readRowsEnd(response.trailers, tail.lastLine()), order), bytes }
  } catch (error) {
    response.destroy()
    throw error instanceof ReaderGone || error instanceof ShellError || isOfFile(error) ? error : hungUp(error)
  }
}

function judgeEnd(end: RowsEnd | null, order: ExportOrder): RowsEnd {
  if (end === null) throw unfinished('The server did not say that the rows are complete, so they are not kept.')
  if (end.outcome !== 'answered') {
    throw end.failure === undefined ? unfinished(`The rows ended as ${end.outcome}, so they are not kept.`) : new ShellError(end.failure)
  }
  if (end.truncated === null || order.isPartWelcome) return end
  throw new ShellError({
    code: 'terminal.export-truncated',
    kind: 'failed',
    message: `The connection's policy cuts answers at ${countOf(end.rows, 'row')}, and there are more, so they are not kept.`,
    hint: `Ask for a part knowingly with --limit ${end.rows}, or have the policy's ceiling raised.`,
  })
}

function stdoutSink(stdout: Output): RowSink {
  return { write: (bytes) => stdout.write(bytes), keep: () => stdout.flush(), discard: async () => {} }
}

function isOfFile(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && ['write', 'fsync', 'rename', 'close'].includes(String(error.syscall))
}

function hungUp(cause: unknown): ShellError {
  return unfinished('The server hung up in the middle of the rows, so they are not kept.', cause)
}

function unfinished(message: string, cause?: unknown): ShellError {
  const hint = 'Try again; `aishell history` shows how the server saw it end. A proxy that drops HTTP trailers spoils CSV, not NDJSON.'
  return new ShellError({ code: 'terminal.export-unfinished', kind: 'failed', message, hint, cause })
}
