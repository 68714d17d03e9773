import type { Actor } from '../../../domain/index.ts'
import { operatorShape, pageOf } from '../../../contract/index.ts'
import type { App } from '../app.ts'
import { actorOf } from '../credentials.ts'
import { idParams, noContent, problems } from '../documented.ts'
import type { HttpRooms } from '../rooms.ts'
import type { TenantOffice } from '../tenant-office.ts'
import { operatorsOffice } from './tenants.ts'

type Rooms = Pick<HttpRooms, 'office' | 'people' | 'record'>

const access = 'manage-members' as const
const tags = ['tenants']

/** Who keeps tenants: members of the operators' own tenant, by the word of another. */
export function operatorRoutes(app: App, rooms: Rooms): void {
  app.get(
    '/api/v1/operators',
    {
      config: { access },
      schema: {
        operationId: 'listOperators',
        tags,
        summary: 'Who keeps tenants',
        response: { 200: pageOf(operatorShape), ...problems(409) },
      },
    },
    async (request) => {
      const actor = actorOf(request)
      const ids = await (await operatorsOffice(rooms, actor)).tenants.operators(actor)
      const members = await rooms.people.listMembers(actor)
      return { items: members.filter(({ id }) => ids.includes(id)).map(({ id, name }) => ({ id, name })), next: null }
    },
  )
  const about = { config: { access }, schema: { tags, params: idParams, response: { 204: noContent, ...problems(404, 409) } } }
  app.put(
    '/api/v1/operators/:id',
    { ...about, schema: { ...about.schema, operationId: 'addOperator', summary: 'Let a member of your tenant keep tenants' } },
    async (request, reply) => {
      await change(rooms, actorOf(request), request.params.id, true)
      return reply.code(204).send()
    },
  )
  app.delete(
    '/api/v1/operators/:id',
    {
      ...about,
      schema: { ...about.schema, operationId: 'removeOperator', summary: 'Let a member keep tenants no more; the last one stays' },
    },
    async (request, reply) => {
      await change(rooms, actorOf(request), request.params.id, false)
      return reply.code(204).send()
    },
  )
}

async function change(rooms: Rooms, actor: Actor, idOrName: string, isOperator: boolean): Promise<void> {
  const office: TenantOffice = await operatorsOffice(rooms, actor)
  const { id } = await rooms.people.member(actor, idOrName)
  await rooms.record.note(actor, isOperator ? 'operator-add' : 'operator-remove', id)
  await office.tenants.setOperator(actor, id, isOperator)
}
