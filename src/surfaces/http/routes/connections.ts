import { connectionInputShape, connectionShape, pageOf, policyShape, privilegeReportShape } from '../../../contract/index.ts'
import type { App } from '../app.ts'
import { actorOf } from '../credentials.ts'
import { idParams, noContent, problems, problemsWithBody } from '../documented.ts'
import type { HttpRooms } from '../rooms.ts'

type Rooms = Pick<HttpRooms, 'connections' | 'record'>

export function connectionRoutes(app: App, rooms: Rooms): void {
  readRoutes(app, rooms)
  writeRoutes(app, rooms)
  testRoutes(app, rooms)
  policyRoutes(app, rooms)
}

function readRoutes(app: App, { connections }: Rooms): void {
  app.get(
    '/api/v1/connections',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listConnections',
        tags: ['connections'],
        summary: 'The connections you may see',
        response: { 200: pageOf(connectionShape), ...problems() },
      },
    },
    async (request) => ({ items: await connections.list(actorOf(request)), next: null }),
  )
  app.get(
    '/api/v1/connections/:id',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'getConnection',
        tags: ['connections'],
        summary: 'One connection, by id or name',
        params: idParams,
        response: { 200: connectionShape, ...problems(404) },
      },
    },
    async (request) => connections.get(actorOf(request), request.params.id),
  )
}

/** Changes are noted before they are made: what cannot be recorded does not happen. */
function writeRoutes(app: App, { connections, record }: Rooms): void {
  app.post(
    '/api/v1/connections',
    {
      config: { access: 'manage-connections' },
      schema: {
        operationId: 'createConnection',
        tags: ['connections'],
        summary: 'Save a connection',
        body: connectionInputShape,
        response: { 201: connectionShape, ...problemsWithBody(409) },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      await record.note(actor, 'connection-create', request.body.name)
      const saved = await connections.create(actor, request.body)
      return reply.code(201).header('location', `/api/v1/connections/${saved.id}`).send(saved)
    },
  )
  app.put(
    '/api/v1/connections/:id',
    {
      config: { access: 'manage-connections' },
      schema: {
        operationId: 'updateConnection',
        tags: ['connections'],
        summary: 'Change a connection',
        description: 'A password or a writer that is left out stays as it was; null takes the writer away.',
        params: idParams,
        body: connectionInputShape,
        response: { 200: connectionShape, ...problemsWithBody(404, 409) },
      },
    },
    async (request) => {
      const actor = actorOf(request)
      await record.note(actor, 'connection-update', request.params.id)
      return connections.update(actor, request.params.id, request.body)
    },
  )
  app.delete(
    '/api/v1/connections/:id',
    {
      config: { access: 'manage-connections' },
      schema: {
        operationId: 'removeConnection',
        tags: ['connections'],
        summary: 'Forget a connection',
        params: idParams,
        response: { 204: noContent, ...problems(404, 409) },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      await record.note(actor, 'connection-remove', request.params.id)
      await connections.remove(actor, request.params.id)
      return reply.code(204).send()
    },
  )
}

function testRoutes(app: App, { connections, record }: Rooms): void {
  app.post(
    '/api/v1/connections/test',
    {
      config: { access: 'manage-connections' },
      schema: {
        operationId: 'testConnectionInput',
        tags: ['connections'],
        summary: 'Try a connection before saving it',
        body: connectionInputShape,
        response: { 200: privilegeReportShape, ...problemsWithBody() },
      },
    },
    async (request) => {
      const actor = actorOf(request)
      await record.note(actor, 'connection-test', request.body.name)
      return connections.test(actor, request.body)
    },
  )
  app.post(
    '/api/v1/connections/:id/test',
    {
      config: { access: 'manage-connections' },
      schema: {
        operationId: 'testConnection',
        tags: ['connections'],
        summary: 'Sign in and see what the database user could do',
        params: idParams,
        response: { 200: privilegeReportShape, ...problems(404) },
      },
    },
    async (request) => connections.test(actorOf(request), request.params.id),
  )
}

function policyRoutes(app: App, { connections, record }: Rooms): void {
  app.get(
    '/api/v1/connections/:id/policy',
    {
      config: { access: 'manage-policies' },
      schema: {
        operationId: 'getPolicy',
        tags: ['connections'],
        summary: 'The rules of a connection',
        params: idParams,
        response: { 200: policyShape, ...problems(404) },
      },
    },
    async (request) => connections.policy(actorOf(request), request.params.id),
  )
  app.put(
    '/api/v1/connections/:id/policy',
    {
      config: { access: 'manage-policies' },
      schema: {
        operationId: 'setPolicy',
        tags: ['connections'],
        summary: 'Replace the rules of a connection',
        description: 'What is left out takes its default.',
        params: idParams,
        body: policyShape,
        response: { 200: policyShape, ...problemsWithBody(404, 409) },
      },
    },
    async (request) => {
      const actor = actorOf(request)
      await record.note(actor, 'policy-set', request.params.id)
      return connections.setPolicy(actor, request.params.id, request.body)
    },
  )
}
