import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

interface Stored {
  readonly metadata: { readonly name: string; readonly resourceVersion: string; readonly labels: Readonly<Record<string, string>> }
  readonly data: Readonly<Record<string, string>>
}

interface Watcher {
  readonly selector: string
  readonly response: ServerResponse
}

/**
 * Lists and watches Secrets as a Kubernetes API does: pages with `continue`, a stream of events from a resourceVersion,
 * bookmarks, 410 for a version it has compacted away, 401 for a token it does not know.
 */
export class KubernetesApi {
  readonly requests: string[] = []
  /** What a request must carry. */
  token = 'token-1'
  /** Answers this status to everything. */
  broken: number | null = null
  readonly #secrets = new Map<string, Stored>()
  readonly #events: { readonly version: number; readonly type: string; readonly object: Stored }[] = []
  readonly #watchers = new Set<Watcher>()
  readonly #server = createServer((request, response) => this.#answer(request, response))
  #version = 100
  #oldest = 0

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', () => resolve()))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** Creates or changes one; `stringData` as people write it. */
  put(
    name: string,
    stringData: Readonly<Record<string, string>>,
    labels: Readonly<Record<string, string>> = { 'aishell.io/connection': 'true' },
  ): void {
    const data = Object.fromEntries(Object.entries(stringData).map(([key, text]) => [key, Buffer.from(text).toString('base64')]))
    const type = this.#secrets.has(name) ? 'MODIFIED' : 'ADDED'
    const object = { metadata: { name, resourceVersion: String(++this.#version), labels }, data }
    this.#secrets.set(name, object)
    this.#publish(type, object)
  }

  remove(name: string): void {
    const object = this.#secrets.get(name)
    if (object === undefined) return
    this.#secrets.delete(name)
    this.#publish('DELETED', { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } })
  }

  /** Something else in the cluster has moved on; watchers are told by a bookmark only. */
  bookmark(): void {
    const line = { type: 'BOOKMARK', object: { kind: 'Secret', metadata: { resourceVersion: String(++this.#version) } } }
    for (const { response } of this.#watchers) response.write(`${JSON.stringify(line)}\n`)
  }

  /** Forgets every event so far, as compaction does, and ends the streams. */
  compact(): void {
    this.#oldest = this.#version
    this.#events.length = 0
    this.hangUp()
  }

  hangUp(): void {
    for (const { response } of this.#watchers) response.destroy()
    this.#watchers.clear()
  }

  async untilWatched(): Promise<void> {
    while (this.#watchers.size === 0) await sleep(10)
  }

  #publish(type: string, object: Stored): void {
    this.#events.push({ version: this.#version, type, object })
    for (const watcher of this.#watchers) send(watcher, type, object)
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://api')
    this.requests.push(`${url.pathname}${url.search}`)
    const status = (code: number, reason: string): void => {
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify({ kind: 'Status', code, reason }))
    }
    if (this.broken !== null) return status(this.broken, 'Broken')
    if (request.headers.authorization !== `Bearer ${this.token}`) return status(401, 'Unauthorized')
    if (url.pathname !== '/api/v1/namespaces/connections/secrets') return status(403, 'Forbidden')
    const selector = url.searchParams.get('labelSelector') ?? ''
    if (url.searchParams.get('watch') === null) return this.#list(url, selector, response)
    const from = Number(url.searchParams.get('resourceVersion'))
    response.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' })
    if (from < this.#oldest) {
      response.end(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })}\n`)
      return
    }
    response.flushHeaders()
    const watcher = { selector, response }
    for (const { version, type, object } of this.#events) if (version > from) send(watcher, type, object)
    this.#watchers.add(watcher)
    response.once('close', () => this.#watchers.delete(watcher))
  }

  /** Pages of two at most, so that `continue` is always followed. */
  #list(url: URL, selector: string, response: ServerResponse): void {
    const fitting = [...this.#secrets.values()].filter((one) => isSelected(one, selector))
    const start = Number(url.searchParams.get('continue') ?? '0')
    const next = start + 2 < fitting.length ? String(start + 2) : ''
    const body = {
      kind: 'SecretList',
      metadata: { resourceVersion: String(this.#version), continue: next },
      items: fitting.slice(start, start + 2),
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
}

function isSelected({ metadata }: Stored, selector: string): boolean {
  const [key = '', value = ''] = selector.split('=')
  return metadata.labels[key] === value
}

/** One that loses its label leaves the selection: the API calls that a deletion. */
function send({ selector, response }: Watcher, type: string, object: Stored): void {
  const shown = isSelected(object, selector) ? type : 'DELETED'
  const line = Buffer.from(`${JSON.stringify({ type: shown, object })}\n`)
  response.write(line.subarray(0, 7)) // a line may come in pieces
  response.write(line.subarray(7))
}
