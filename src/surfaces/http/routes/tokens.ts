import { newTokenShape, pageOf, tokenInputShape, tokenShape } from '../../../contract/index.ts'
import type { App } from '../app.ts'
import { actorOf } from '../credentials.ts'
import { idParams, noContent, problems, problemsWithBody } from '../documented.ts'
import type { HttpRooms } from '../rooms.ts'

export function tokenRoutes(app: App, { identity, record }: Pick<HttpRooms, 'identity' | 'record'>): void {
  app.get(
    '/api/v1/tokens',
    {
      config: { access: 'manage-tokens' },
      schema: {
        operationId: 'listTokens',
        tags: ['identity'],
        summary: 'Your tokens; for admins those of the tenant',
        response: { 200: pageOf(tokenShape), ...problems() },
      },
    },
    async (request) => ({ items: await identity.listTokens(actorOf(request)), next: null }),
  )
  app.post(
    '/api/v1/tokens',
    {
      config: { access: 'manage-tokens' },
      schema: {
        operationId: 'createToken',
        tags: ['identity'],
        summary: 'Make a token; its text is shown this once',
        body: tokenInputShape,
        response: { 201: newTokenShape, ...problemsWithBody(404, 409) },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      await record.note(actor, 'token-create', request.body.name)
      const made = await identity.createToken(actor, request.body)
      return reply.code(201).header('cache-control', 'no-store').send(made)
    },
  )
  app.delete(
    '/api/v1/tokens/:id',
    {
      config: { access: 'manage-tokens' },
      schema: {
        operationId: 'revokeToken',
        tags: ['identity'],
        summary: 'Revoke a token at once',
        params: idParams,
        response: { 204: noContent, ...problems(404) },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      await record.note(actor, 'token-revoke', request.params.id)
      await identity.revokeToken(actor, request.params.id)
      return reply.code(204).send()
    },
  )
}
