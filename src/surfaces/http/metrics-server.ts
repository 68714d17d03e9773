import { createServer, type Server } from 'node:http'
import type { ReadyBody } from '../../contract/index.ts'
import type { HttpRooms } from './rooms.ts'

/** Metrics and probes on a port of their own, so that the public one need not show them. */
export function createMetricsServer(rooms: Pick<HttpRooms, 'observer'>, ready: () => Promise<ReadyBody>): Server {
  return createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    const send = (status: number, contentType: string, text: string): void => {
      response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(text) }).end(text)
    }
    const answer = async (): Promise<void> => {
      if (request.url === '/health') return send(200, 'application/json', '{"status":"ok"}')
      if (request.url === '/ready') {
        const readiness = await ready()
        return send(readiness.status === 'ready' ? 200 : 503, 'application/json', JSON.stringify(readiness))
      }
      if (request.url !== '/metrics') return send(404, 'text/plain', 'There is nothing at this path.\n')
      const { contentType, body } = await rooms.observer.metricsText()
      send(200, contentType, body)
    }
    answer().catch(() => send(500, 'text/plain', 'The metrics could not be gathered.\n'))
  })
}
