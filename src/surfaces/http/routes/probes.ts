import { z } from 'zod'
import { healthShape, readyShape, type ReadyBody } from '../../../contract/index.ts'
import type { App } from '../app.ts'
import type { HttpRooms } from '../rooms.ts'

export interface ProbeState {
  readonly version: string
  readonly isDraining: () => boolean
}

type Rooms = Pick<HttpRooms, 'checks' | 'observer'>

/** For kubelets and balancers: without credential, about this process only. */
export function probeRoutes(app: App, rooms: Rooms, state: ProbeState): void {
  app.get(
    '/health',
    {
      config: { access: 'open' },
      schema: {
        operationId: 'health',
        tags: ['server'],
        summary: 'The process is alive',
        security: [],
        response: { 200: healthShape },
      },
    },
    async () => ({ status: 'ok' as const, version: state.version }),
  )
  app.get(
    '/ready',
    {
      config: { access: 'open' },
      schema: {
        operationId: 'ready',
        tags: ['server'],
        summary: 'The server may be sent questions',
        description: 'A degraded check is shown and does not turn the server away.',
        security: [],
        response: { 200: readyShape, 503: readyShape.describe('Do not send questions here.') },
      },
    },
    async (_request, reply) => {
      const body = await readiness(rooms, state)
      return reply
        .code(body.status === 'ready' ? 200 : 503)
        .header('cache-control', 'no-store')
        .send(body)
    },
  )
}

export function metricsRoute(app: App, rooms: Rooms): void {
  app.get(
    '/metrics',
    {
      config: { access: 'open' },
      schema: {
        operationId: 'metrics',
        tags: ['server'],
        summary: 'Prometheus metrics',
        security: [],
        response: { 200: { description: 'Text exposition format.', content: { 'text/plain': { schema: z.string() } } } },
      },
    },
    async (_request, reply) => {
      const { contentType, body } = await rooms.observer.metricsText()
      return reply.type(contentType).send(body)
    },
  )
}

export async function readiness(rooms: Rooms, state: ProbeState): Promise<ReadyBody> {
  const checks = await Promise.all(rooms.checks.map((check) => check()))
  if (state.isDraining()) return { status: 'draining', checks }
  return { status: checks.some((check) => check.state === 'failed') ? 'not-ready' : 'ready', checks }
}
