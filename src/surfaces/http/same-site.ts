import type { FastifyRequest } from 'fastify'
import { ShellError } from '../../domain/index.ts'

const safeMethods = ['GET', 'HEAD', 'OPTIONS', 'TRACE']

/**
 * Against requests that another site makes a browser send along with its cookies: a method that changes something must come
 * from our own pages, or from an origin the operator allows. Browsers say where it comes from in `origin` and
 * `sec-fetch-site`; one that says neither is refused.
 */
export function requireOwnSite(
  request: FastifyRequest,
  own: { readonly publicUrl: string | null; readonly origins: readonly string[] },
): void {
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

function isOwn(
  origin: string,
  request: FastifyRequest,
  own: { readonly publicUrl: string | null; readonly origins: readonly string[] },
): boolean {
  if (own.origins.includes(origin)) return true
  if (own.publicUrl !== null && URL.parse(own.publicUrl)?.origin === origin) return true
  return own.publicUrl === null && origin === `http://${request.headers.host ?? ''}`
}
