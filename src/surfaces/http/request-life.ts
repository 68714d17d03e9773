import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { App } from './app.ts'
import type { HttpRooms } from './rooms.ts'

const sane = /^[\w.:-]{1,100}$/

/** The caller's request id where it is one that may stand in a log, else a new one. */
export function requestIdOf(raw: IncomingMessage): string {
  const said = raw.headers['x-request-id']
  return typeof said === 'string' && sane.test(said) ? said : randomUUID()
}

/** Names each request in its response, and reports how it ended; aborted ones too. */
export function observeRequests(app: App, { observer }: Pick<HttpRooms, 'observer'>, isDraining: () => boolean): void {
  app.decorateRequest('startedMs', 0)
  app.addHook('onRequest', (request, reply, done) => {
    request.startedMs = performance.now()
    void reply.header('x-request-id', request.id)
    if (isDraining()) void reply.header('connection', 'close')
    const traceparent = request.headers['traceparent']
    const start = { method: request.method, traceparent: typeof traceparent === 'string' ? traceparent : undefined }
    observer.openRequest(start, (trace) => {
      reply.raw.on('close', () => {
        const route = request.routeOptions.url ?? 'unknown' // never the path itself: it would be a label without bound
        const status = reply.raw.statusCode
        trace.end(route, status)
        observer.observe({
          type: 'request-ended',
          requestId: request.id,
          method: request.method,
          route,
          status,
          elapsedMs: performance.now() - request.startedMs,
          ...(request.actor === null ? {} : { actorId: request.actor.memberId, tenantId: request.actor.tenantId }),
        })
      })
      done() // inside, so that everything this request starts belongs to its span
    })
  })
}
