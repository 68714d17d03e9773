import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { isShellError } from '../../../domain/index.ts'
import type { App } from '../app.ts'
import type { Browsers } from '../credentials.ts'
import { leaveSession, visitorOf } from '../pages/browser.ts'
import { html, notice, sendPage } from '../pages/layout.ts'
import type { HttpRooms } from '../rooms.ts'
import { placeOf } from '../sign-in-place.ts'

const form = z.object({ token: z.string().max(200), password: z.string().max(1024), again: z.string().max(1024) })

/** Where an invited member sets a password; the link is good once. */
export function invitationPages(app: App, rooms: Pick<HttpRooms, 'identity' | 'signInPlace'>, browsers: Browsers): void {
  const { identity } = rooms
  app.get(
    '/auth/invitation',
    { config: { access: 'open', isHtml: true }, schema: { hide: true, querystring: z.object({ token: z.string().max(200).default('') }) } },
    async (request, reply) => {
      const { token } = request.query
      const invited = await identity.signIn.invitation(await placeOf(request, rooms), token)
      return invited === null ? gone(reply) : show(reply, invited.memberName, token, null)
    },
  )
  app.post(
    '/auth/invitation',
    { config: { access: 'open', isHtml: true, isForm: true }, schema: { hide: true, body: form } },
    async (request, reply) => {
      const { token, password, again } = request.body
      const place = await placeOf(request, rooms)
      const invited = await identity.signIn.invitation(place, token)
      if (invited === null) return gone(reply)
      if (password !== again) return show(reply, invited.memberName, token, 'The two passwords are not the same.')
      try {
        const signedIn = await identity.signIn.acceptInvitation(place, token, password, visitorOf(request, browsers))
        if (signedIn === null) return gone(reply)
        leaveSession(reply, signedIn, browsers)
        return reply.redirect('/auth/account', 303)
      } catch (error) {
        if (!isShellError(error) || error.code !== 'identity.weak-password') throw error
        return show(reply, invited.memberName, token, error.message, error.hint)
      }
    },
  )
}

function show(reply: FastifyReply, name: string, token: string, message: string | null, hint?: string): FastifyReply {
  const body = html`${notice(message, hint ?? null)}
    <p>Welcome, ${name}. Choose a password of at least 12 characters; four or five unrelated words do well.</p>
    <form method="post" action="/auth/invitation">
      <input type="hidden" name="token" value="${token}" />
      <input type="hidden" name="username" value="${name}" autocomplete="username" />
      <label>Password<input name="password" type="password" autocomplete="new-password" required minlength="12" maxlength="128" /></label>
      <label
        >The same again<input name="again" type="password" autocomplete="new-password" required minlength="12" maxlength="128"
      /></label>
      <button>Set it and sign in</button>
    </form>`
  return sendPage(reply, { title: 'Set your password', body }, message === null ? 200 : 400)
}

function gone(reply: FastifyReply): FastifyReply {
  const body = html`<p>It was used already, has expired, or a newer one took its place. Ask whoever sent it for another.</p>
    <p><a href="/auth/sign-in">Sign in</a></p>`
  return sendPage(reply, { title: 'This invitation is not valid any more', body }, 404)
}
