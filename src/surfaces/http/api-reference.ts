import fastify, { type FastifyInstance } from 'fastify'
import swaggerUi from '@fastify/swagger-ui'
import type { App } from './app.ts'
import { noRoute, sendProblem } from './errors.ts'
import { describeApi } from './openapi.ts'
import { problemOf } from './problem.ts'
import { noBrowsers } from './credentials.ts'
import type { HttpRooms } from './rooms.ts'
import { schemaController } from './validation.ts'
import { registerRoutes, type Registration } from './routes/register-routes.ts'

/** Everything the page needs comes from here; styles are written inline by the page's own script. */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export type ReferenceScope = Pick<Registration, 'hasMcp' | 'hasMetricsRoute'> & { readonly version: string }

/** The OpenAPI document of a server's routes, taken from a second server that is never asked anything. */
export async function openApiDocument({ version, ...registration }: ReferenceScope): Promise<object> {
  const app: App = fastify({ logger: false, schemaController })
  await describeApi(app, version)
  const rooms = { mcp: {} } as HttpRooms // routes only keep the rooms while they are registered
  const state = { version, isDraining: () => false }
  registerRoutes(app, rooms, {
    ...registration,
    state,
    reference: { document: async () => ({}), serve: async () => {} },
    browsers: noBrowsers,
  })
  await app.ready()
  const document = app.swagger()
  await app.close()
  return document
}

/** The human page, a server of its own behind the one that checks credentials. */
export async function openPages(): Promise<Pick<FastifyInstance, 'routing' | 'close'>> {
  const pages: App = fastify({ logger: false, schemaController })
  await describeApi(pages, '')
  await pages.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: pagePolicy,
    theme: { title: 'AI-Shell API' },
    uiConfig: { deepLinking: true, docExpansion: 'list', persistAuthorization: false, url: '/openapi.json' },
  })
  pages.addHook('onSend', (_request, reply, _payload, done) => {
    void reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'no-referrer')
    done()
  })
  pages.setNotFoundHandler((request, reply) => sendProblem(reply, problemOf(noRoute(), request.id)))
  await pages.ready()
  return pages
}
