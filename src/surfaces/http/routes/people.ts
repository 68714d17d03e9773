import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Actor } from '../../../domain/index.ts'
import { nameOrIdShape, personErasureProofShape } from '../../../contract/index.ts'
import type { App } from '../app.ts'
import { actorOf } from '../credentials.ts'
import { idParams, problems } from '../documented.ts'
import { Exchange } from '../exchange.ts'
import type { HttpRooms } from '../rooms.ts'
import { sendLines } from '../send-lines.ts'
import { operatorsOffice } from './tenants.ts'

type Rooms = Pick<HttpRooms, 'persons' | 'office' | 'record' | 'observer'>

const config = { access: 'manage-members' as const }
const tags = ['people']
const personParams = z.strictObject({ id: nameOrIdShape, person: nameOrIdShape })
const confirmation = z.object({
  confirm: z.string().max(200).meta({ description: 'The person’s name: no slip of the hand erases another.' }),
})
const described = {
  export: {
    summary: 'All that is held about a person, as NDJSON',
    description:
      'Who they are, groups, tokens and sessions (never what they hold), what they asked and decided, and the record’s links of it. Last line: how many.',
    response: {
      200: { description: 'One row or link per line.', content: { 'application/x-ndjson': { schema: z.string() } } },
      ...problems(404, 409),
    },
  },
  erase: {
    summary: 'Erase a person, with a signed proof of what was removed and what is kept, and why',
    description: 'Sessions and tokens end at once on every server. The record stays as it is and verifies.',
    querystring: confirmation,
    response: { 200: personErasureProofShape, ...problems(404, 409) },
  },
  proof: {
    summary: 'The proof of an erasure again, by the id of whoever was erased',
    description: 'The same text and signature that the erasure was answered with. Their name finds nothing: it is gone.',
    response: { 200: personErasureProofShape, ...problems(404, 409) },
  },
}

/** One person's data: for admins of their tenant, and for operators in every tenant. */
export function peopleRoutes(app: App, rooms: Rooms): void {
  const { persons } = rooms
  app.get(
    '/api/v1/people/:id/export',
    { config, schema: { operationId: 'exportPerson', tags, ...described.export, params: idParams } },
    async (request, reply) => {
      const lines = await persons.export(actorOf(request), request.params.id)
      return sendPerson(rooms, request, reply, lines)
    },
  )
  app.delete(
    '/api/v1/people/:id',
    { config, schema: { operationId: 'erasePerson', tags, ...described.erase, params: idParams } },
    async (request) => persons.erase(actorOf(request), request.params.id, request.query.confirm),
  )
  app.get(
    '/api/v1/people/:id/erasure',
    { config, schema: { operationId: 'personErasure', tags, ...described.proof, params: idParams } },
    async (request) => persons.proof(actorOf(request), request.params.id),
  )
  operatorRoutes(app, rooms)
}

function operatorRoutes(app: App, rooms: Rooms): void {
  const { persons } = rooms
  app.get(
    '/api/v1/tenants/:id/people/:person/export',
    { config, schema: { operationId: 'exportTenantPerson', tags: ['tenants'], ...described.export, params: personParams } },
    async (request, reply) => {
      const there = await actingIn(rooms, actorOf(request), request.params.id, 'tenant-person-export')
      const lines = await persons.export(there, request.params.person)
      return sendPerson(rooms, request, reply, lines)
    },
  )
  app.delete(
    '/api/v1/tenants/:id/people/:person',
    { config, schema: { operationId: 'eraseTenantPerson', tags: ['tenants'], ...described.erase, params: personParams } },
    async (request) => {
      const there = await actingIn(rooms, actorOf(request), request.params.id, 'tenant-person-erase')
      return persons.erase(there, request.params.person, request.query.confirm)
    },
  )
  app.get(
    '/api/v1/tenants/:id/people/:person/erasure',
    { config, schema: { operationId: 'tenantPersonErasure', tags: ['tenants'], ...described.proof, params: personParams } },
    async (request) => {
      const there = await actingIn(rooms, actorOf(request), request.params.id, 'tenant-person-proof')
      return persons.proof(there, request.params.person)
    },
  )
}

async function sendPerson(rooms: Rooms, request: FastifyRequest, reply: FastifyReply, lines: AsyncIterable<string>): Promise<FastifyReply> {
  const exchange = new Exchange(reply)
  await exchange.guarded(rooms.observer.observe, request.id, () => sendLines(exchange, 'application/x-ndjson', lines))
  return reply
}

/** An operator in another tenant, for this one act: it is in both records, and the tenant's own says that it was an operator. */
async function actingIn(rooms: Rooms, operator: Actor, tenant: string, action: string): Promise<Actor> {
  const office = await operatorsOffice(rooms, operator)
  const { id } = await office.tenants.find(tenant)
  await rooms.record.note(operator, action, id)
  return { ...operator, tenantId: id, name: `operator ${operator.name}` }
}
