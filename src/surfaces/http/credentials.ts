import type { FastifyReply, FastifyRequest } from 'fastify'
import { mayDo, ShellError, type Actor, type Surface } from '../../domain/index.ts'
import type { Addresses } from '../../platform/tenancy/index.ts'
import type { App } from './app.ts'
import { Cookies } from './cookies.ts'
import { goOnLater } from './go-on-later.ts'
import type { HttpRooms } from './rooms.ts'
import { requireOwnSite } from './same-site.ts'

export interface Browsers extends Addresses {
  readonly cookies: Cookies
  /** Other origins whose pages may use a session. */
  readonly origins: readonly string[]
}

/** For routes that are only described, never asked. */
export const noBrowsers: Browsers = { cookies: new Cookies({ publicUrl: null }), publicUrl: null, tenantHostSuffix: null, origins: [] }

/** Every route that does not say it is open needs a credential, also those that do not exist. */
export function requireCredentials(app: App, rooms: Pick<HttpRooms, 'identity'>, browsers: Browsers): void {
  app.decorateRequest('actor', null)
  app.addHook('onRequest', (request, reply, done) => {
    const { access = 'signed-in', isPage = false, isHtml = false } = request.routeOptions.config
    if (isHtml) requireOwnSite(request, browsers) // forms that sign in as well: nobody is to be signed in as somebody else
    if (access === 'open') return done()
    const enter = (actor: Actor): Error | undefined => {
      request.actor = actor
      return access === 'signed-in' || mayDo(actor, access) ? undefined : notAllowed(access)
    }
    const known = isHtml ? null : recalled(request, rooms, isPage)
    if (known !== null) return done(enter(known))
    void goOnLater(actorBehind(request, rooms, browsers, isPage), enter, (error?: Error) => {
      if (isPage && request.actor === null) askForPassword(reply)
      done(error)
    })
  })
}

/** Whoever asked with the same token a moment ago; most requests need wait for nothing. */
function recalled(request: FastifyRequest, { identity }: Pick<HttpRooms, 'identity'>, isPage: boolean): Actor | null {
  return request.headers.authorization === undefined ? null : identity.recall(credentialOf(request, isPage), surfaceOf(request))
}

/** A credential that is sent wins over a session a browser has; a session counts only for what comes from our own pages. */
async function actorBehind(
  request: FastifyRequest,
  { identity }: Pick<HttpRooms, 'identity'>,
  browsers: Browsers,
  isPage: boolean,
): Promise<Actor> {
  const isSent = request.headers.authorization !== undefined && request.routeOptions.config.isHtml !== true
  const session = isSent ? null : browsers.cookies.read(request, 'session')
  if (session === null && request.routeOptions.config.isHtml === true) return identity.authenticate(null, 'http')
  if (session === null) return identity.authenticate(credentialOf(request, isPage), surfaceOf(request))
  requireOwnSite(request, browsers)
  return identity.authenticateSession(session, surfaceOf(request))
}

/** The actor of a request that came through the hook above. */
export function actorOf(request: FastifyRequest): Actor {
  if (request.actor !== null) return request.actor
  throw new ShellError({ code: 'identity.not-signed-in', kind: 'denied', message: 'This route needs a credential.' })
}

function credentialOf(request: FastifyRequest, isPage: boolean): string | null {
  const header = request.headers.authorization
  if (header === undefined) return null
  const space = header.indexOf(' ')
  const scheme = header.slice(0, space).toLowerCase()
  const value = header.slice(space + 1).trim()
  if (scheme === 'bearer' && value !== '') return value
  if (scheme === 'basic' && isPage) return passwordOf(value)
  return null
}

/** Browsers cannot send a bearer token for a page; they can send it as a password (RFC 7617). Pages only read. */
function passwordOf(basic: string): string | null {
  const text = Buffer.from(basic, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 || colon === text.length - 1 ? null : text.slice(colon + 1)
}

function askForPassword(reply: FastifyReply): void {
  void reply.header('www-authenticate', 'Basic realm="AI-Shell: any name, a token as password", charset="UTF-8"')
}

/** What the client says it is, for the record; no right may hang on it but one that a role's own conditions name. */
export function surfaceOf(request: FastifyRequest): Surface {
  if (request.routeOptions.url === '/mcp') return 'mcp'
  const said = request.headers['x-aishell-surface']
  return said === 'terminal' || said === 'console' ? said : 'http'
}

function notAllowed(verb: string): ShellError {
  return new ShellError({
    code: 'http.not-allowed',
    kind: 'denied',
    message: `Your role or token does not include the right to ${verb.replaceAll('-', ' ')}.`,
    hint: 'Ask an admin for the right, or use another token. `GET /api/v1/auth/whoami` lists yours.',
  })
}
