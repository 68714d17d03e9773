import { mayDo, ShellError, verbs } from '../../../domain/index.ts'
import {
  accessTokenShape,
  deviceCodeShape,
  deviceLoginInputShape,
  deviceLoginShape,
  devicePollShape,
  jwksShape,
  pageOf,
  passwordChangeShape,
  sessionShape,
  signInShape,
  signOutShape,
  whoamiShape,
} from '../../../contract/index.ts'
import { tenantUrl } from '../../../platform/tenancy/index.ts'
import type { App } from '../app.ts'
import { actorOf, type Browsers } from '../credentials.ts'
import { idParams, noContent, problems, problemsWithBody } from '../documented.ts'
import { leaveSession, tooManyFailures, visitorOf } from '../pages/browser.ts'
import type { HttpRooms } from '../rooms.ts'
import { placeOf } from '../sign-in-place.ts'
import { siteUrl } from '../site-url.ts'

type Rooms = Pick<HttpRooms, 'identity' | 'record' | 'signInPlace'>

const tags = ['identity']
const chosenBy =
  'The tenant is the one that the host name or `x-aishell-tenant` names, else `default`; one that is not there is answered as one to which you do not belong.'

export function authRoutes(app: App, rooms: Rooms, browsers: Browsers): void {
  app.get(
    '/api/v1/auth/whoami',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'whoami',
        tags,
        summary: 'Who your credential says you are, and what you may do',
        response: { 200: whoamiShape, ...problems() },
      },
    },
    async (request) => {
      const actor = actorOf(request)
      const { tenantId, memberId, name, kind, roles, connections } = actor
      return { tenantId, memberId, name, kind, roles, verbs: verbs.filter((verb) => mayDo(actor, verb)), connections }
    },
  )
  signInRoutes(app, rooms, browsers)
  sessionRoutes(app, rooms)
  passwordRoute(app, rooms, browsers)
  deviceRoutes(app, rooms, browsers)
  keyRoutes(app, rooms)
}

function signInRoutes(app: App, rooms: Rooms, browsers: Browsers): void {
  const { identity, record } = rooms
  app.post(
    '/api/v1/auth/sign-in',
    {
      config: { access: 'open' },
      schema: {
        operationId: 'signIn',
        tags,
        summary: 'Begin a session with a password',
        description: `The session comes as a cookie; programs use tokens. ${chosenBy}`,
        security: [],
        body: signInShape,
        response: { 204: noContent, ...problemsWithBody() },
      },
    },
    async (request, reply) => {
      const outcome = await identity.signIn.withPassword(await placeOf(request, rooms), request.body, visitorOf(request, browsers))
      if (outcome.kind === 'wait') throw tooManyFailures(reply, outcome.seconds)
      if (outcome.kind === 'refused') throw wrongPassword()
      leaveSession(reply, outcome, browsers)
      return reply.header('cache-control', 'no-store').code(204).send()
    },
  )
  app.post(
    '/api/v1/auth/sign-out',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'signOut',
        tags,
        summary: 'End the session, or give back the token, that this is asked with',
        description: '`everywhere` ends all your sessions at once, wherever they are; tokens stay.',
        body: signOutShape,
        response: { 204: noContent, ...problemsWithBody() },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      const { everywhere } = request.body
      if (everywhere && !mayDo(actor, 'manage-tokens')) throw notYours()
      await record.note(actor, everywhere ? 'sign-out-everywhere' : 'sign-out', actor.name)
      await identity.signIn.signOut(actor, { everywhere, returnTo: siteUrl(request, browsers) })
      await identity.revokeOwnToken(actor)
      browsers.cookies.clear(reply, 'session')
      return reply.code(204).send()
    },
  )
}

function sessionRoutes(app: App, { identity, record }: Rooms): void {
  app.get(
    '/api/v1/auth/sessions',
    {
      config: { access: 'manage-tokens' },
      schema: {
        operationId: 'listSessions',
        tags,
        summary: 'Where you are signed in',
        response: { 200: pageOf(sessionShape), ...problems() },
      },
    },
    async (request) => ({ items: await identity.listSessions(actorOf(request)), next: null }),
  )
  app.delete(
    '/api/v1/auth/sessions/:id',
    {
      config: { access: 'manage-tokens' },
      schema: {
        operationId: 'endSession',
        tags,
        summary: 'End one of your sessions, wherever it is',
        params: idParams,
        response: { 204: noContent, ...problems(404) },
      },
    },
    async (request, reply) => {
      await record.note(actorOf(request), 'session-end', request.params.id)
      await identity.endSession(actorOf(request), request.params.id)
      return reply.code(204).send()
    },
  )
  app.post(
    '/api/v1/auth/access-tokens',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'createAccessToken',
        tags,
        summary: 'A signed token for some minutes, from your session',
        description: 'It ends with the session at the latest. `/.well-known/jwks.json` has the keys it can be checked with.',
        response: { 201: accessTokenShape, ...problems() },
      },
    },
    async (request, reply) =>
      reply
        .code(201)
        .header('cache-control', 'no-store')
        .send(await identity.issueAccessToken(actorOf(request))),
  )
}

function passwordRoute(app: App, { identity, record }: Rooms, browsers: Browsers): void {
  app.put(
    '/api/v1/auth/password',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'changePassword',
        tags,
        summary: 'Change your password',
        description: 'All your sessions end.',
        body: passwordChangeShape,
        response: { 204: noContent, ...problemsWithBody() },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      await record.note(actor, 'password-change', actor.name)
      const outcome = await identity.signIn.changePassword(actor, request.body, visitorOf(request, browsers))
      if (outcome.kind === 'wait') throw tooManyFailures(reply, outcome.seconds)
      if (outcome.kind === 'refused') throw wrongPassword()
      return reply.code(204).send()
    },
  )
}

function deviceRoutes(app: App, rooms: Rooms, browsers: Browsers): void {
  const { identity } = rooms
  app.post(
    '/api/v1/auth/device-logins',
    {
      config: { access: 'open' },
      schema: {
        operationId: 'beginDeviceLogin',
        tags,
        summary: 'Begin to sign a terminal in',
        description: `Show the person \`userCode\` and \`verificationUri\`, then poll (RFC 8628 in spirit). ${chosenBy}`,
        security: [],
        body: deviceLoginInputShape,
        response: { 201: deviceLoginShape, ...problemsWithBody() },
      },
    },
    async (request, reply) => {
      const place = await placeOf(request, rooms)
      const pages = place.named === null ? null : tenantUrl(place.named, browsers)
      const begun = await identity.signIn.beginDeviceLogin(place, request.body.client, pages ?? siteUrl(request, browsers))
      return reply.code(201).header('cache-control', 'no-store').send(begun)
    },
  )
  app.post(
    '/api/v1/auth/device-logins/poll',
    {
      config: { access: 'open' },
      schema: {
        operationId: 'pollDeviceLogin',
        tags,
        summary: 'Whether the person has confirmed; the token, once',
        description: 'At the address of another tenant than it was begun for, the code is not known.',
        security: [],
        body: deviceCodeShape,
        response: { 200: devicePollShape, ...problemsWithBody() },
      },
    },
    async (request, reply) =>
      reply
        .header('cache-control', 'no-store')
        .send(await identity.signIn.pollDeviceLogin(await placeOf(request, rooms), request.body.deviceCode)),
  )
}

function keyRoutes(app: App, { identity }: Rooms): void {
  app.get(
    '/.well-known/jwks.json',
    {
      config: { access: 'open' },
      schema: {
        operationId: 'publicKeys',
        tags,
        summary: 'The public keys of access tokens',
        description: 'Empty where JWT_SECRET signs them.',
        security: [],
        response: { 200: jwksShape, ...problems() },
      },
    },
    async (_request, reply) => {
      const { keys } = await identity.publicKeys()
      return reply.header('cache-control', 'public, max-age=300').send({ keys: keys.map((key) => ({ ...key })) })
    },
  )
}

function wrongPassword(): ShellError {
  return new ShellError({
    code: 'identity.wrong-password',
    kind: 'denied',
    message: 'Name and password do not belong together.',
    hint: 'Check both. An admin can send you an invitation to set a new password.',
  })
}

function notYours(): ShellError {
  return new ShellError({
    code: 'http.not-allowed',
    kind: 'denied',
    message: 'Your role or token does not include the right to manage tokens, so it cannot end other sessions.',
    hint: 'Sign out without `everywhere`, or sign in with a session.',
  })
}
