import type { FastifyRequest } from 'fastify'
import { ShellError } from '../../domain/index.ts'
import type { Addresses } from '../../platform/tenancy/index.ts'
import { siteUrl } from './site-url.ts'

/** Where our own pages are, and other origins whose pages may use a session. */
export interface OwnSite extends Addresses {
  readonly origins: readonly string[]
}

const safeMethods = ['GET', 'HEAD', 'OPTIONS', 'TRACE']

/**
 * Against requests that another site makes a browser send along with its cookies: a method that changes something must come
 * from pages of the very address it goes to, or from an origin the operator allows. Another tenant's pages are another site. Browsers
 * say where it comes from in `origin` and `sec-fetch-site`; one that says neither is refused.
 */
export function requireOwnSite(request: FastifyRequest, own: OwnSite): void {
  if (safeMethods.includes(request.method)) return
  const { origin, 'sec-fetch-site': site } = request.headers
  if (origin === undefined ? site === 'same-origin' : isOwn(origin, request, own)) {
    if (site === undefined || site === 'same-origin' || (origin !== undefined && own.origins.includes(origin))) return
  }
  throw new ShellError({
    code: 'http.cross-site',
    kind: 'denied',
    message: 'This request did not come from a page of this server, so its cookie is not believed.',
    hint: 'Open the page here again. Programs send a token instead of a cookie. Behind a proxy, PUBLIC_URL must be the address in the browser.',
  })
}

function isOwn(origin: string, request: FastifyRequest, own: OwnSite): boolean {
  return own.origins.includes(origin) || URL.parse(siteUrl(request, own))?.origin === origin
}
