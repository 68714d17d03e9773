import type { FastifyReply, FastifyRequest } from 'fastify'

/** What we leave in browsers: the session, by what a browser is known again, and a sign-in on its way through a provider. */
const names = { session: 'aishell-session', device: 'aishell-device', flow: 'aishell-flow' } as const
export type CookieKind = keyof typeof names

/**
 * Over https cookies are `Secure` and bound to this very host (`__Host-`); plain http is for loopback. `Lax`: sent when
 * somebody follows a link to us, never with what another site posts.
 */
export class Cookies {
  readonly #isSecure: boolean

  constructor(options: { readonly publicUrl: string | null }) {
    this.#isSecure = options.publicUrl?.startsWith('https://') ?? false
  }

  read(request: FastifyRequest, kind: CookieKind): string | null {
    const wanted = `${this.#name(kind)}=`
    const found = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim())
    const pair = found.find((one) => one.startsWith(wanted))
    return pair === undefined ? null : pair.slice(wanted.length)
  }

  /** Without an age it ends with the browser's session. */
  set(reply: FastifyReply, kind: CookieKind, value: string, maxAgeS?: number): void {
    const age = maxAgeS === undefined ? '' : `; Max-Age=${maxAgeS}`
    void reply.header('set-cookie', `${this.#name(kind)}=${value}; Path=/; HttpOnly; SameSite=Lax${this.#isSecure ? '; Secure' : ''}${age}`)
  }

  clear(reply: FastifyReply, kind: CookieKind): void {
    this.set(reply, kind, '', 0)
  }

  #name(kind: CookieKind): string {
    return `${this.#isSecure ? '__Host-' : ''}${names[kind]}`
  }
}
