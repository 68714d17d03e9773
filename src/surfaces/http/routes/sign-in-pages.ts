import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import type { App } from '../app.ts'
import { actorOf, type Browsers } from '../credentials.ts'
import { html, notice, sendPage } from '../pages/layout.ts'
import { leaveSession, localPath, tooManyFailures, visitorOf } from '../pages/browser.ts'
import { style } from '../pages/style.ts'
import type { HttpRooms } from '../rooms.ts'
import { placeOf } from '../sign-in-place.ts'
import { siteUrl } from '../site-url.ts'
import { tenantShown } from '../pages/tenant-shown.ts'

type Rooms = Pick<HttpRooms, 'identity' | 'people' | 'record' | 'signInPlace' | 'office'>

const signInForm = z.object({ name: z.string().max(200), password: z.string().max(1024), return_to: z.string().optional() })
const query = z.object({ return_to: z.string().optional(), signed_out: z.string().optional() })

/** Pages for people, without scripts: sign in, see who one is, sign out. */
export function signInPages(app: App, rooms: Rooms, browsers: Browsers): void {
  const { identity } = rooms
  app.get('/auth/style.css', { config: { access: 'open' }, schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/css; charset=utf-8').header('cache-control', 'public, max-age=3600').send(style),
  )
  app.get(
    '/auth/sign-in',
    { config: { access: 'open', isHtml: true }, schema: { hide: true, querystring: query } },
    async (request, reply) => {
      const { return_to: returnTo, signed_out: signedOut } = request.query
      const message = signedOut === undefined ? null : 'You are signed out.'
      const { named } = await placeOf(request, rooms)
      return showSignIn(reply, rooms, { named, name: '', returnTo: localPath(returnTo), message })
    },
  )
  app.post(
    '/auth/sign-in',
    { config: { access: 'open', isHtml: true, isForm: true }, schema: { hide: true, body: signInForm } },
    async (request, reply) => {
      const { name, password, return_to: wanted } = request.body
      const returnTo = localPath(wanted)
      const place = await placeOf(request, rooms)
      const { named } = place
      const outcome = await identity.signIn.withPassword(place, { name, password }, visitorOf(request, browsers))
      if (outcome.kind === 'signed-in') {
        leaveSession(reply, outcome, browsers)
        return reply.redirect(returnTo, 303)
      }
      if (outcome.kind === 'wait') {
        const { message } = tooManyFailures(reply, outcome.seconds)
        return showSignIn(reply, rooms, { named, name, returnTo, message, status: 429 })
      }
      return showSignIn(reply, rooms, { named, name, returnTo, message: 'Name and password do not belong together.', status: 401 })
    },
  )
  accountPages(app, rooms, browsers)
}

function accountPages(app: App, rooms: Rooms, browsers: Browsers): void {
  const { identity } = rooms
  app.get('/auth/account', { config: { access: 'signed-in', isHtml: true }, schema: { hide: true } }, async (request, reply) => {
    const actor = actorOf(request)
    const { name, roles } = actor
    const body = html`<dl>
        <dt>Member</dt>
        <dd>${name}</dd>
        <dt>Tenant</dt>
        <dd>${await tenantShown(rooms, actor)}</dd>
        <dt>Roles</dt>
        <dd>${roles.join(', ') || 'none'}</dd>
      </dl>
      <p><a href="/docs">API reference</a></p>
      <form method="post" action="/auth/sign-out"><button class="quiet">Sign out</button></form>
      <form method="post" action="/auth/sign-out">
        <input type="hidden" name="everywhere" value="yes" /><button class="quiet">Sign out everywhere</button>
      </form>`
    return sendPage(reply, { title: 'You are signed in', body })
  })
  app.post(
    '/auth/sign-out',
    {
      config: { access: 'signed-in', isHtml: true, isForm: true },
      schema: { hide: true, body: z.object({ everywhere: z.string().optional() }).nullish() },
    },
    async (request, reply) => {
      const everywhere = request.body?.everywhere === 'yes'
      const returnTo = `${siteUrl(request, browsers)}/auth/sign-in?signed_out=yes`
      const next = await identity.signIn.signOut(actorOf(request), { everywhere, returnTo })
      browsers.cookies.clear(reply, 'session')
      if (next === null) return reply.redirect('/auth/sign-in?signed_out=yes', 303)
      // A form may not lead to another site, also not by way of a redirect; a page may.
      const body = html`<p>
        You are signed out here. <a href="${next}">Sign out at the identity provider too</a>, if it does not happen by itself.
      </p>`
      return sendPage(reply, { title: 'Signing out', body, goOnTo: next })
    },
  )
}

interface Shown {
  /** The tenant as the address names it, whether it is there or not. */
  readonly named: string | null
  readonly name: string
  readonly returnTo: string
  readonly message: string | null
  readonly status?: number
}

function showSignIn(reply: FastifyReply, { identity }: Rooms, { named, name, returnTo, message, status = 200 }: Shown): FastifyReply {
  const { provider } = identity.signIn
  const byProvider =
    provider === null
      ? null
      : html`<a class="button" href="/auth/oidc/start?return_to=${encodeURIComponent(returnTo)}">Sign in with ${provider.label}</a>
          <p class="or">or with a password</p>`
  const body = html`${notice(message)}${byProvider}
    <form method="post" action="/auth/sign-in">
      <input type="hidden" name="return_to" value="${returnTo}" />
      <label>Name<input name="name" value="${name}" autocomplete="username" autocapitalize="none" required maxlength="200" /></label>
      <label>Password<input name="password" type="password" autocomplete="current-password" required maxlength="1024" /></label>
      <button class="${provider === null ? '' : 'quiet'}">Sign in</button>
    </form>`
  return sendPage(reply, { title: named === null ? 'Sign in' : `Sign in to ${named}`, body }, status)
}
