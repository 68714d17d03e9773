import { z } from 'zod'
import {
  groupInputShape,
  groupMemberParams,
  groupShape,
  newRoleNameShape,
  pageOf,
  roleInputShape,
  roleShape,
  slugShape,
} from '../../../contract/index.ts'
import type { App } from '../app.ts'
import { actorOf } from '../credentials.ts'
import { noContent, problems, problemsWithBody } from '../documented.ts'
import type { HttpRooms } from '../rooms.ts'

type Rooms = Pick<HttpRooms, 'people' | 'record'>

const access = 'manage-members' as const
const tags = ['people']
const nameParams = z.strictObject({ name: slugShape })

export function roleRoutes(app: App, { people, record }: Rooms): void {
  app.get(
    '/api/v1/roles',
    {
      config: { access },
      schema: {
        operationId: 'listRoles',
        tags,
        summary: 'Built-in roles and those of your tenant',
        response: { 200: pageOf(roleShape), ...problems() },
      },
    },
    async (request) => ({ items: await people.listRoles(actorOf(request)), next: null }),
  )
  app.get(
    '/api/v1/roles/:name',
    {
      config: { access },
      schema: { operationId: 'getRole', tags, summary: 'One role', params: nameParams, response: { 200: roleShape, ...problems(404) } },
    },
    async (request) => people.role(actorOf(request), request.params.name),
  )
  app.put(
    '/api/v1/roles/:name',
    {
      config: { access },
      schema: {
        operationId: 'setRole',
        tags,
        summary: 'Define a role of your tenant’s own',
        description: 'Its grants add up. It may give no more than you hold yourself.',
        params: z.strictObject({ name: newRoleNameShape }),
        body: roleInputShape,
        response: { 200: roleShape, ...problemsWithBody(409) },
      },
    },
    async (request) => {
      const actor = actorOf(request)
      await record.note(actor, 'role-set', `${request.params.name}: ${JSON.stringify(request.body.grants)}`)
      return people.setRole(actor, request.params.name, request.body)
    },
  )
  app.delete(
    '/api/v1/roles/:name',
    {
      config: { access },
      schema: {
        operationId: 'removeRole',
        tags,
        summary: 'Forget a role nobody has any more',
        params: nameParams,
        response: { 204: noContent, ...problems(404, 409) },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      await record.note(actor, 'role-remove', request.params.name)
      await people.removeRole(actor, request.params.name)
      return reply.code(204).send()
    },
  )
}

export function groupRoutes(app: App, rooms: Rooms): void {
  const { people, record } = rooms
  app.get(
    '/api/v1/groups',
    {
      config: { access },
      schema: {
        operationId: 'listGroups',
        tags,
        summary: 'Groups, their roles and members',
        response: { 200: pageOf(groupShape), ...problems() },
      },
    },
    async (request) => ({ items: await people.listGroups(actorOf(request)), next: null }),
  )
  app.put(
    '/api/v1/groups/:name',
    {
      config: { access },
      schema: {
        operationId: 'setGroup',
        tags,
        summary: 'Make a group, or give it other roles',
        params: nameParams,
        body: groupInputShape,
        response: { 200: groupShape, ...problemsWithBody(404, 409) },
      },
    },
    async (request) => {
      const actor = actorOf(request)
      await record.note(actor, 'group-set', `${request.params.name}: ${request.body.roles.join(', ')}`)
      return people.setGroup(actor, request.params.name, request.body)
    },
  )
  app.delete(
    '/api/v1/groups/:name',
    {
      config: { access },
      schema: {
        operationId: 'removeGroup',
        tags,
        summary: 'Dissolve a group',
        params: nameParams,
        response: { 204: noContent, ...problems(404) },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      await record.note(actor, 'group-remove', request.params.name)
      await people.removeGroup(actor, request.params.name)
      return reply.code(204).send()
    },
  )
  belongingRoutes(app, rooms)
}

function belongingRoutes(app: App, { people, record }: Rooms): void {
  app.put(
    '/api/v1/groups/:name/members/:member',
    {
      config: { access },
      schema: {
        operationId: 'addToGroup',
        tags,
        summary: 'Put a member into a group',
        params: groupMemberParams,
        response: { 204: noContent, ...problems(404) },
      },
    },
    async (request, reply) => {
      const { name, member } = request.params
      await record.note(actorOf(request), 'group-add', `${name}: ${member}`)
      await people.addToGroup(actorOf(request), name, member)
      return reply.code(204).send()
    },
  )
  app.delete(
    '/api/v1/groups/:name/members/:member',
    {
      config: { access },
      schema: {
        operationId: 'removeFromGroup',
        tags,
        summary: 'Take a member out of a group',
        params: groupMemberParams,
        response: { 204: noContent, ...problems(404) },
      },
    },
    async (request, reply) => {
      const { name, member } = request.params
      await record.note(actorOf(request), 'group-leave', `${name}: ${member}`)
      await people.removeFromGroup(actorOf(request), name, member)
      return reply.code(204).send()
    },
  )
}
