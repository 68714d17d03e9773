import type { Socket } from 'node:net'
import { newId } from '../../domain/index.ts'
import { problem, problemType } from './problem.ts'
import { titles } from './status.ts'

/** What could not be read as HTTP at all never meets the framework: its problem is written by hand. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy(error)
  const { status, code, message } = refusal(error.code)
  const body = JSON.stringify(problem(status, { code, message, instance: newId() }))
  const head = `HTTP/1.1 ${status} ${titles[status] ?? 'Bad Request'}`
  socket.end(`${head}\r\nconnection: close\r\ncontent-type: ${problemType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

function refusal(errorCode: string | undefined): { readonly status: number; readonly code: string; readonly message: string } {
  if (errorCode === 'HPE_HEADER_OVERFLOW')
    return { status: 431, code: 'http.header-too-large', message: 'The request’s headers are larger than this server takes.' }
  if (errorCode === 'ERR_HTTP_REQUEST_TIMEOUT')
    return { status: 408, code: 'http.request-timeout', message: 'The request did not arrive in time.' }
  return { status: 400, code: 'http.malformed', message: 'This is not a request that HTTP/1.1 knows.' }
}
