import type { Socket } from 'node:net'
import { newId, ShellError } from '../../domain/index.ts'
import { problemOf, problemType } from './problem.ts'

/** What could not be read as HTTP at all never meets the framework: its problem is written by hand. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy(error)
  const problem = problemOf(refusal(error.code), newId())
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    'connection: close',
    `content-type: ${problemType}`,
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

function refusal(errorCode: string | undefined): ShellError {
  if (errorCode === 'HPE_HEADER_OVERFLOW')
    return new ShellError({
      code: 'http.header-too-large',
      kind: 'invalid',
      message: 'The request’s headers are larger than this server takes.',
    })
  if (errorCode === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new ShellError({ code: 'http.request-timeout', kind: 'invalid', message: 'The request did not arrive in time.' })
  return new ShellError({ code: 'http.malformed', kind: 'invalid', message: 'This is not a request that HTTP/1.1 knows.' })
}
