import { z } from 'zod'
import { mayDo, ShellError, type Actor, type Scope } from '../../../domain/index.ts'
import {
  erasureProofShape,
  newTenantShape,
  pageOf,
  quotasShape,
  tenantInputShape,
  tenantModelInputShape,
  tenantModelShape,
  tenantShape,
  usageShape,
} from '../../../contract/index.ts'
import type { App } from '../app.ts'
import { actorOf } from '../credentials.ts'
import { idParams, noContent, problems, problemsWithBody } from '../documented.ts'
import { Exchange } from '../exchange.ts'
import type { HttpRooms } from '../rooms.ts'
import { sendLines } from '../send-lines.ts'
import type { TenantOffice } from '../tenant-office.ts'

type Rooms = Pick<HttpRooms, 'office' | 'record' | 'observer'>

const about = { config: { access: 'manage-members' as const } }

/** Tenants, for operators of the installation; each act is in the record of the operator's own tenant. */
export function tenantRoutes(app: App, rooms: Rooms): void {
  listingRoutes(app, rooms)
  changingRoutes(app, rooms)
  leavingRoutes(app, rooms)
  proofRoute(app, rooms)
  usageRoute(app, rooms)
  modelRoutes(app, rooms)
}

function listingRoutes(app: App, rooms: Rooms): void {
  app.get(
    '/api/v1/tenants',
    {
      ...about,
      schema: {
        operationId: 'listTenants',
        tags: ['tenants'],
        summary: 'All tenants',
        response: { 200: pageOf(tenantShape), ...problems(409) },
      },
    },
    async (request) => {
      const office = await operatorsOffice(rooms, actorOf(request))
      return { items: [...(await office.tenants.list())], next: null }
    },
  )
  app.get(
    '/api/v1/tenants/:id',
    {
      ...about,
      schema: {
        operationId: 'getTenant',
        tags: ['tenants'],
        summary: 'One tenant, by id or name',
        params: idParams,
        response: { 200: tenantShape, ...problems(404, 409) },
      },
    },
    async (request) => (await operatorsOffice(rooms, actorOf(request))).tenants.find(request.params.id),
  )
}

function changingRoutes(app: App, rooms: Rooms): void {
  app.post(
    '/api/v1/tenants',
    {
      ...about,
      schema: {
        operationId: 'createTenant',
        tags: ['tenants'],
        summary: 'Open a tenant; its first admin’s token is shown this once',
        body: tenantInputShape,
        response: { 201: newTenantShape, ...problemsWithBody(409) },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      const office = await operatorsOffice(rooms, actor)
      await rooms.record.note(actor, 'tenant-create', request.body.name)
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send(await office.open(request.body))
    },
  )
  app.put(
    '/api/v1/tenants/:id/quotas',
    {
      ...about,
      schema: {
        operationId: 'setQuotas',
        tags: ['tenants'],
        summary: 'What a tenant may use',
        params: idParams,
        body: quotasShape,
        response: { 200: tenantShape, ...problemsWithBody(404, 409) },
      },
    },
    async (request) => {
      const { office, scope, actor } = await subject(rooms, actorOf(request), request.params.id)
      await rooms.record.note(actor, 'tenant-quotas', `${scope.tenantId} ${JSON.stringify(request.body)}`)
      await office.tenants.setQuotas(scope, request.body)
      return office.tenants.find(scope.tenantId)
    },
  )
  for (const [verb, state, summary] of [
    ['suspend', 'suspended', 'Keep everybody of a tenant out, and everything it has'],
    ['resume', 'active', 'Let a suspended tenant in again'],
  ] as const) {
    app.post(
      `/api/v1/tenants/:id/${verb}`,
      {
        ...about,
        schema: {
          operationId: `${verb}Tenant`,
          tags: ['tenants'],
          summary,
          params: idParams,
          response: { 200: tenantShape, ...problems(404, 409) },
        },
      },
      async (request) => {
        const { office, scope, actor } = await subject(rooms, actorOf(request), request.params.id)
        await rooms.record.note(actor, `tenant-${verb}`, scope.tenantId)
        await office.tenants.setState(scope, state)
        return office.tenants.find(scope.tenantId)
      },
    )
  }
}

function leavingRoutes(app: App, rooms: Rooms): void {
  app.get(
    '/api/v1/tenants/:id/export',
    {
      ...about,
      schema: {
        operationId: 'exportTenant',
        tags: ['tenants'],
        summary: 'All a tenant has, as NDJSON: its rows, then its whole record, signed',
        description:
          'Without hashes, sealed passwords and keys. From the first line of the record on it verifies like any export of the record.',
        params: idParams,
        response: {
          200: { description: 'One row or link per line.', content: { 'application/x-ndjson': { schema: z.string() } } },
          ...problems(404, 409),
        },
      },
    },
    async (request, reply) => {
      const { office, scope, actor } = await subject(rooms, actorOf(request), request.params.id)
      await rooms.record.note(actor, 'tenant-export', scope.tenantId)
      const exchange = new Exchange(reply)
      await exchange.guarded(rooms.observer.observe, request.id, () => sendLines(exchange, 'application/x-ndjson', office.export(scope)))
      return reply
    },
  )
  app.delete(
    '/api/v1/tenants/:id',
    {
      ...about,
      schema: {
        operationId: 'eraseTenant',
        tags: ['tenants'],
        summary: 'Erase a suspended tenant, with a signed proof of what was removed',
        params: idParams,
        response: { 200: erasureProofShape, ...problems(404, 409) },
      },
    },
    async (request) => {
      const actor = actorOf(request)
      return (await operatorsOffice(rooms, actor)).erase(actor, request.params.id)
    },
  )
}

function proofRoute(app: App, rooms: Rooms): void {
  app.get(
    '/api/v1/tenants/:id/erasure',
    {
      ...about,
      schema: {
        operationId: 'tenantErasure',
        tags: ['tenants'],
        summary: 'The proof of an erased tenant again, by its id',
        params: idParams,
        response: { 200: erasureProofShape, ...problems(404, 409) },
      },
    },
    async (request) => {
      const actor = actorOf(request)
      return (await operatorsOffice(rooms, actor)).proof(actor, request.params.id)
    },
  )
}

function usageRoute(app: App, rooms: Rooms): void {
  app.get(
    '/api/v1/tenants/:id/usage',
    {
      ...about,
      schema: {
        operationId: 'tenantUsage',
        tags: ['tenants'],
        summary: 'What a tenant has used, day by day; for its own admins too',
        params: idParams,
        response: { 200: usageShape, ...problems(404, 409) },
      },
    },
    async (request) => {
      const { office, scope } = await subjectOrOwn(rooms, actorOf(request), request.params.id)
      return office.usage(scope)
    },
  )
}

function modelRoutes(app: App, rooms: Rooms): void {
  const path = '/api/v1/tenants/:id/model'
  app.get(
    path,
    {
      ...about,
      schema: {
        operationId: 'tenantModel',
        tags: ['tenants'],
        summary: 'A tenant’s own language model',
        params: idParams,
        response: { 200: tenantModelShape, ...problems(404, 409) },
      },
    },
    async (request) => {
      const { office, scope } = await subjectOrOwn(rooms, actorOf(request), request.params.id)
      return office.model(scope)
    },
  )
  app.put(
    path,
    {
      ...about,
      schema: {
        operationId: 'setTenantModel',
        tags: ['tenants'],
        summary: 'Give a tenant its own language model and key',
        description: 'The key is sealed and never shown. An address of one’s own is for operators: servers call it.',
        params: idParams,
        body: tenantModelInputShape,
        response: { 200: tenantModelShape, ...problemsWithBody(404, 409) },
      },
    },
    async (request) => {
      const { office, scope, actor, isOperator } = await subjectOrOwn(rooms, actorOf(request), request.params.id)
      if (request.body.baseUrl !== null && !isOperator) throw addressIsOperators()
      await rooms.record.note(actor, 'tenant-model', `${scope.tenantId} ${request.body.provider}:${request.body.model}`)
      return office.setModel(scope, request.body)
    },
  )
  app.delete(
    path,
    {
      ...about,
      schema: {
        operationId: 'removeTenantModel',
        tags: ['tenants'],
        summary: 'Back to the installation’s model',
        params: idParams,
        response: { 204: noContent, ...problems(404, 409) },
      },
    },
    async (request, reply) => {
      const { office, scope, actor } = await subjectOrOwn(rooms, actorOf(request), request.params.id)
      await rooms.record.note(actor, 'tenant-model-remove', scope.tenantId)
      await office.removeModel(scope)
      return reply.code(204).send()
    },
  )
}

interface Subject {
  readonly office: TenantOffice
  readonly scope: Scope
  readonly actor: Actor
  readonly isOperator: boolean
}

export async function operatorsOffice({ office }: Pick<HttpRooms, 'office'>, actor: Actor): Promise<TenantOffice> {
  if (office === undefined) throw new Error('this server was put together without tenants')
  await office.tenants.requireOperator(actor)
  return office
}

async function subject(rooms: Rooms, actor: Actor, idOrName: string): Promise<Subject> {
  const office = await operatorsOffice(rooms, actor)
  return { office, scope: { tenantId: (await office.tenants.find(idOrName)).id }, actor, isOperator: true }
}

/** Admins see and keep what is their own tenant's, by its id. */
async function subjectOrOwn(rooms: Rooms, actor: Actor, idOrName: string): Promise<Subject> {
  const { office } = rooms
  if (office !== undefined && idOrName === actor.tenantId && mayDo(actor, 'manage-members')) {
    const isOperator = await office.tenants.requireOperator(actor).then(
      () => true,
      () => false,
    )
    return { office, scope: { tenantId: actor.tenantId }, actor, isOperator }
  }
  return subject(rooms, actor, idOrName)
}

function addressIsOperators(): ShellError {
  return new ShellError({
    code: 'tenancy.address-is-operators',
    kind: 'denied',
    message: 'Only an operator may name the address of a language model: our servers would call it.',
    hint: 'Leave `baseUrl` out to use the provider’s own address.',
  })
}
