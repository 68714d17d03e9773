import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import type { App } from '../app.ts'
import { problems } from '../documented.ts'

/** What the reference is made of; loaded when somebody first looks, it is a tenth of a second and some megabytes. */
export interface Reference {
  readonly document: () => Promise<object>
  readonly serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>
}

/** The contract for programs at /openapi.json and for people at /docs. */
export function docsRoutes(app: App, reference: Reference): void {
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
    async () => ({ ...(await reference.document()) }),
  )
  for (const url of ['/docs', '/docs/*']) {
    app.get(url, { config: { access: 'signed-in', isPage: true }, schema: { hide: true } }, async (request, reply) => {
      reply.hijack()
      await reference.serve(request.raw, reply.raw)
      return reply
    })
  }
}
