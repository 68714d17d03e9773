import { createServer } from 'node:http'
import { listenOn } from './listening.ts'

export interface WaitingServer {
  close(): Promise<void>
}

export interface WaitingOptions {
  readonly host: string
  readonly ports: readonly number[]
  readonly version: string
  /** What is waited for, in a sentence. */
  readonly reason: () => string
}

/** Stands on the server's ports while the store is not there yet: alive, not ready, and it says why. */
export async function openWaitingServer({ host, ports, version, reason }: WaitingOptions): Promise<WaitingServer> {
  const servers = ports.map(() =>
    createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
      const isHealth = request.url === '/health'
      const body = isHealth
        ? { status: 'ok', version }
        : { status: 'not-ready', checks: [{ name: 'store', state: 'failed', detail: reason() }] }
      response
        .writeHead(isHealth ? 200 : 503, { 'content-type': 'application/json', 'cache-control': 'no-store', 'retry-after': '5' })
        .end(JSON.stringify(body))
    }),
  )
  const close = async (): Promise<void> => {
    await Promise.all(
      servers.map(async (server) => {
        const closed = new Promise<void>((resolve) => server.close(() => resolve()))
        server.closeAllConnections()
        await closed
      }),
    )
  }
  try {
    for (const [at, server] of servers.entries()) await listenOn(server, host, ports[at] ?? 0)
  } catch (error) {
    await close()
    throw error
  }
  return { close }
}
