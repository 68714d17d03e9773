import { invitationShape, memberChangeShape, memberInputShape, memberShape, newPasswordShape, pageOf } from '../../../contract/index.ts'
import type { App } from '../app.ts'
import { actorOf, type Browsers } from '../credentials.ts'
import { idParams, noContent, problems, problemsWithBody } from '../documented.ts'
import type { HttpRooms } from '../rooms.ts'
import { siteUrl } from '../site-url.ts'

type Rooms = Pick<HttpRooms, 'people' | 'identity' | 'record'>

const access = 'manage-members' as const
const tags = ['people']

export function memberRoutes(app: App, rooms: Rooms, browsers: Browsers): void {
  readRoutes(app, rooms)
  writeRoutes(app, rooms)
  credentialRoutes(app, rooms, browsers)
}

function readRoutes(app: App, { people }: Rooms): void {
  app.get(
    '/api/v1/members',
    {
      config: { access },
      schema: {
        operationId: 'listMembers',
        tags,
        summary: 'The members of your tenant',
        response: { 200: pageOf(memberShape), ...problems() },
      },
    },
    async (request) => ({ items: await people.listMembers(actorOf(request)), next: null }),
  )
  app.get(
    '/api/v1/members/:id',
    {
      config: { access },
      schema: {
        operationId: 'getMember',
        tags,
        summary: 'One member, by id or name',
        params: idParams,
        response: { 200: memberShape, ...problems(404) },
      },
    },
    async (request) => people.member(actorOf(request), request.params.id),
  )
}

/** Changes are noted before they are made: what cannot be recorded does not happen. */
function writeRoutes(app: App, { people, identity, record }: Rooms): void {
  app.post(
    '/api/v1/members',
    {
      config: { access },
      schema: {
        operationId: 'createMember',
        tags,
        summary: 'Add a member',
        description: 'A person then sets a password by an invitation, or signs in with a provider. A service has tokens only.',
        body: memberInputShape,
        response: { 201: memberShape, ...problemsWithBody(404, 409) },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      await record.note(actor, 'member-create', `${request.body.name} as ${request.body.role}`)
      const made = await people.createMember(actor, request.body)
      return reply.code(201).header('location', `/api/v1/members/${made.id}`).send(made)
    },
  )
  app.patch(
    '/api/v1/members/:id',
    {
      config: { access },
      schema: {
        operationId: 'changeMember',
        tags,
        summary: 'Rename a member, give another role, disable or enable',
        description: 'Whoever is disabled is signed out everywhere; their tokens and running answers end within a second.',
        params: idParams,
        body: memberChangeShape,
        response: { 200: memberShape, ...problemsWithBody(404, 409) },
      },
    },
    async (request) => {
      const actor = actorOf(request)
      await record.note(actor, 'member-change', `${request.params.id}: ${JSON.stringify(request.body)}`)
      const changed = await people.updateMember(actor, request.params.id, request.body)
      if (changed.isDisabled) await identity.endSessions(actor, changed.id)
      return changed
    },
  )
  app.delete(
    '/api/v1/members/:id',
    {
      config: { access },
      schema: {
        operationId: 'removeMember',
        tags,
        summary: 'Remove a member with their tokens and sessions',
        description: 'What they asked stays in the record.',
        params: idParams,
        response: { 204: noContent, ...problems(404, 409) },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      await record.note(actor, 'member-remove', request.params.id)
      await people.removeMember(actor, request.params.id)
      return reply.code(204).send()
    },
  )
}

function credentialRoutes(app: App, { people, identity, record }: Rooms, browsers: Browsers): void {
  app.post(
    '/api/v1/members/:id/invitation',
    {
      config: { access },
      schema: {
        operationId: 'inviteMember',
        tags,
        summary: 'A link with which a member sets a password, once',
        description: 'Good for three days; an earlier one is void.',
        params: idParams,
        response: { 201: invitationShape, ...problems(404) },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      const { id } = await people.member(actor, request.params.id)
      await record.note(actor, 'member-invite', id)
      const { text, expiresAt } = await identity.signIn.invite(actor, id)
      const url = `${siteUrl(request, browsers)}/auth/invitation?token=${text}`
      return reply.code(201).header('cache-control', 'no-store').send({ url, expiresAt: expiresAt.toISOString() })
    },
  )
  app.put(
    '/api/v1/members/:id/password',
    {
      config: { access },
      schema: {
        operationId: 'setMemberPassword',
        tags,
        summary: 'Set a member’s password',
        description: 'Their sessions end. An invitation is better: then only they know it.',
        params: idParams,
        body: newPasswordShape,
        response: { 204: noContent, ...problemsWithBody(404) },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      const { id } = await people.member(actor, request.params.id)
      await record.note(actor, 'member-password', id)
      await identity.signIn.setPassword(actor, id, request.body.password)
      return reply.code(204).send()
    },
  )
  app.post(
    '/api/v1/members/:id/sign-out',
    {
      config: { access },
      schema: {
        operationId: 'signMemberOut',
        tags,
        summary: 'End all sessions of a member at once',
        params: idParams,
        response: { 204: noContent, ...problems(404) },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      const { id } = await people.member(actor, request.params.id)
      await record.note(actor, 'member-sign-out', id)
      await identity.endSessions(actor, id)
      return reply.code(204).send()
    },
  )
}
