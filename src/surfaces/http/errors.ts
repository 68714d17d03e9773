import type { FastifyReply } from 'fastify'
import { ShellError } from '../../domain/index.ts'
import type { Problem } from '../../contract/index.ts'
import type { App } from './app.ts'
import { knownError, problemHeaders, problemOf, problemType } from './problem.ts'
import { sendErrorPage } from './pages/error-page.ts'
import type { HttpRooms } from './rooms.ts'

/** Everything that goes wrong leaves as a problem document; what nobody foresaw is told to the operator only. */
export function answerErrors(app: App, rooms: Pick<HttpRooms, 'observer'>): void {
  app.setErrorHandler(async (error, request, reply) => {
    const known = knownError(error)
    if (known === null) rooms.observer.observe({ type: 'failure', code: 'internal', requestId: request.id, error })
    else if (known.kind === 'failed') rooms.observer.observe({ type: 'failure', code: known.code, requestId: request.id, error })
    if (known?.retryAfterS !== undefined) void reply.header('retry-after', String(known.retryAfterS))
    const problem = problemOf(error, request.id)
    return request.routeOptions.config.isHtml === true ? sendErrorPage(request, reply, problem) : sendProblem(reply, problem)
  })
  app.setNotFoundHandler(async () => {
    throw noRoute()
  })
}

export function noRoute(): ShellError {
  return new ShellError({
    code: 'http.no-route',
    kind: 'missing',
    message: 'There is nothing at this path.',
    hint: 'The routes are listed at /docs.',
  })
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  for (const [name, value] of Object.entries(problemHeaders(problem.status))) if (!reply.hasHeader(name)) void reply.header(name, value)
  // As text: the serializer of the route's own shape is not for problems.
  return reply.code(problem.status).type(problemType).send(JSON.stringify(problem))
}
