import { request, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'

/** A browser as far as sign-in needs one: keeps cookies per host name, follows nothing by itself, and says where it comes from. */
export class Browser {
  readonly #jars = new Map<string, Map<string, string>>()
  readonly #domain: string | null

  /** `domain`: hosts under it are on this machine, as a wildcard record would have it. */
  constructor(domain: string | null = null) {
    this.#domain = domain
  }

  async get(url: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.#send(url, { headers })
  }

  /** A form on a page of the same server. */
  async post(url: string, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
    const own = { origin: new URL(url).origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' }
    return this.#send(url, { method: 'POST', headers: { ...own, ...headers }, body: new URLSearchParams(form).toString() })
  }

  async json(method: string, url: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const own = { origin: new URL(url).origin, 'sec-fetch-site': 'same-origin' }
    const content: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
    return this.#send(url, {
      method,
      headers: { ...own, ...content, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }

  /** Goes where redirects and our pages' refresh lead, at most ten steps. */
  async follow(
    response: Response,
    stopAt: (url: string) => boolean = () => false,
  ): Promise<{ readonly response: Response; readonly url: string }> {
    let current = response
    let url = response.url
    for (let steps = 0; steps < 10; steps++) {
      const next = await nextOf(current)
      if (next === null) return { response: current, url }
      url = new URL(next, url).href
      if (stopAt(url)) return { response: current, url }
      current = await this.get(url)
    }
    throw new Error(`too many steps, at ${url}`)
  }

  cookie(url: string, name: string): string | undefined {
    return this.#jar(url).get(name)
  }

  setCookie(url: string, name: string, value: string): void {
    this.#jar(url).set(name, value)
  }

  forget(url: string): void {
    this.#jars.delete(new URL(url).host)
  }

  async #send(url: string, init: { method?: string; headers: Record<string, string>; body?: string }): Promise<Response> {
    const jar = this.#jar(url)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...(cookie === '' ? {} : { cookie }), ...init.headers }
    const isHere = this.#domain !== null && new URL(url).hostname.endsWith(`.${this.#domain}`)
    const response = isHere ? await fetchHere(url, { ...init, headers }) : await fetch(url, { ...init, redirect: 'manual', headers })
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      const [name = '', ...value] = pair.split('=')
      if (/Max-Age=0|expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name)
      else jar.set(name, value.join('='))
    }
    return response
  }

  #jar(url: string): Map<string, string> {
    const { host } = new URL(url)
    const jar = this.#jars.get(host) ?? new Map<string, string>()
    this.#jars.set(host, jar)
    return jar
  }
}

/** By a name that this machine need not know. */
async function fetchHere(
  url: string,
  { method, headers, body }: { method?: string; headers: Record<string, string>; body?: string },
): Promise<Response> {
  const { host, port, pathname, search } = new URL(url)
  const options = { host: '127.0.0.1', port, path: `${pathname}${search}`, method: method ?? 'GET', headers: { ...headers, host } }
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request(options, resolve).on('error', reject).end(body)
  })
  const pairs = Object.entries(answer.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  )
  const content = await text(answer)
  const status = answer.statusCode ?? 0
  const response = new Response([204, 303, 304].includes(status) ? null : content, { status, headers: pairs })
  Object.defineProperty(response, 'url', { value: url }) // which one that was made by hand has not
  return response
}

async function nextOf(response: Response): Promise<string | null> {
  const location = response.headers.get('location')
  if (location !== null) return location
  const refresh = /http-equiv="refresh" content="0; url=([^"]*)"/.exec(await response.clone().text())?.[1]
  return refresh === undefined ? null : refresh.replaceAll(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code)))
}
