import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { ProblemError, problemShape, type QuestionBody } from '../../../contract/index.ts'
import type { Session } from '../session.ts'

export const exportFormats = ['csv', 'ndjson'] as const
export type ExportFormat = (typeof exportFormats)[number]

const mediaTypes: Readonly<Record<ExportFormat, string>> = { csv: 'text/csv', ndjson: 'application/x-ndjson' }

/**
 * Asks for rows as a file. `fetch` hides HTTP trailers, and the trailers say whether the rows are all there, so this
 * one request is made with node's own client. Throws `ProblemError` when the server has no rows to give.
 */
export async function requestRows(
  session: Session,
  body: QuestionBody,
  format: ExportFormat,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const url = new URL(`${session.baseUrl}/api/v1/questions`)
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  const headers = {
    authorization: `Bearer ${session.token}`,
    accept: mediaTypes[format],
    'content-type': 'application/json',
    'x-aishell-surface': 'terminal',
    te: 'trailers',
  }
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers, signal }, resolve)
    sent.on('error', reject)
    sent.end(JSON.stringify(body))
  })
  if (response.statusCode === 200) return response
  throw new ProblemError(await problemOf(response))
}

async function problemOf(response: IncomingMessage): Promise<ProblemError['problem']> {
  const chunks: Uint8Array[] = []
  for await (const chunk of response) chunks.push(chunk as Uint8Array) // an IncomingMessage without an encoding yields buffers
  const status = response.statusCode ?? 500
  try {
    return problemShape.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')))
  } catch {
    const detail = `The server answered ${status} without a problem document; is it AI-Shell?`
    return { type: 'about:blank', title: response.statusMessage ?? '', status, code: 'client.not-aishell', detail }
  }
}
