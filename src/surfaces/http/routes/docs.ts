import swaggerUi from '@fastify/swagger-ui'
import { z } from 'zod'
import type { App } from '../app.ts'
import { problems } from '../documented.ts'

/** Everything the page needs comes from here; styles are written inline by the page's own script. */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** The contract for programs at /openapi.json and for people at /docs. */
export async function docsRoutes(app: App): Promise<void> {
  app.get(
    '/openapi.json',
    {
      config: { access: 'signed-in', isPage: true },
      schema: {
        operationId: 'openapi',
        tags: ['server'],
        summary: 'This document',
        response: {
          200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: z.looseObject({}) } } },
          ...problems(),
        },
      },
    },
    async () => ({ ...app.swagger() }),
  )
  await app.register(async (pages) => {
    pages.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'signed-in', isPage: true }
    })
    await pages.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: pagePolicy,
      theme: { title: 'AI-Shell API' },
      uiConfig: { deepLinking: true, docExpansion: 'list', persistAuthorization: false, url: '/openapi.json' },
    })
  })
}
