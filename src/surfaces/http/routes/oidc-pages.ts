import { z } from 'zod'
import type { App } from '../app.ts'
import type { Browsers } from '../credentials.ts'
import { noRoute } from '../errors.ts'
import { leaveSession, localPath, visitorOf } from '../pages/browser.ts'
import { html, sendPage } from '../pages/layout.ts'
import type { HttpRooms } from '../rooms.ts'
import { placeOf } from '../sign-in-place.ts'
import { siteUrl } from '../site-url.ts'

type Rooms = Pick<HttpRooms, 'identity' | 'signInPlace'>

const flowAgeS = 600

/** Out to the identity provider and back. */
export function oidcPages(app: App, rooms: Rooms, browsers: Browsers): void {
  const { identity } = rooms
  app.get(
    '/auth/oidc/start',
    { config: { access: 'open', isHtml: true }, schema: { hide: true, querystring: z.object({ return_to: z.string().optional() }) } },
    async (request, reply) => {
      const { provider } = identity.signIn
      if (provider === null) throw noRoute()
      const place = await placeOf(request, rooms)
      const { url, flow } = await provider.begin(place, siteUrl(request, browsers), localPath(request.query.return_to))
      browsers.cookies.set(reply, 'flow', flow, flowAgeS)
      return reply.header('cache-control', 'no-store').redirect(url, 303)
    },
  )
  app.get('/auth/oidc/callback', { config: { access: 'open', isHtml: true }, schema: { hide: true } }, async (request, reply) => {
    const { provider } = identity.signIn
    if (provider === null) throw noRoute()
    const flow = browsers.cookies.read(request, 'flow')
    browsers.cookies.clear(reply, 'flow') // good for one return, whatever comes of it
    const query = request.url.includes('?') ? request.url.slice(request.url.indexOf('?') + 1) : ''
    const { signedIn, returnTo } = await provider.finish(await placeOf(request, rooms), query, flow, visitorOf(request, browsers))
    leaveSession(reply, signedIn, browsers)
    // A redirect that another site began would not bring a strict browser's new cookie along; a page of ours does.
    const body = html`<p>You are signed in as ${signedIn.memberName}. <a href="${returnTo}">Go on</a></p>`
    return sendPage(reply, { title: 'Signed in', body, goOnTo: returnTo })
  })
  app.post(
    '/auth/oidc/back-channel-logout',
    {
      config: { access: 'open', isForm: true },
      schema: { hide: true, body: z.object({ logout_token: z.string().min(1).max(16_384) }) },
    },
    async (request, reply) => {
      const { provider } = identity.signIn
      if (provider === null) throw noRoute()
      await provider.backChannelLogout(request.body.logout_token)
      return reply.code(200).header('cache-control', 'no-store').send()
    },
  )
}
