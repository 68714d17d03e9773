import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'

/** Servers that refuse, and say in their refusal everything they were told: as some do with keys and passwords. */
export interface EchoingServers {
  /** A model, a bucket and an identity provider at once; its discovery is in order, so that people are sent to it. */
  readonly http: string
  readonly redisPort: number
  /** A collector of traces: takes them, and keeps what they say. */
  readonly collector: string
  traces(): string
  /** How often each was called. */
  readonly calls: Map<string, number>
  close(): void
}

export async function startEchoingServers(): Promise<EchoingServers> {
  const calls = new Map<string, number>()
  let traces = ''
  const counted = (name: string): void => void calls.set(name, (calls.get(name) ?? 0) + 1)
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request)
    const { port } = http.address() as AddressInfo // it listens on TCP
    const issuer = `http://127.0.0.1:${port}`
    const path = request.url ?? ''
    counted(path.split('?')[0] ?? '')
    if (path.startsWith('/.well-known/openid-configuration')) {
      response.writeHead(200, json).end(discovery(issuer))
      return
    }
    const told = JSON.stringify({ ...request.headers, body })
    response.writeHead(401, json).end(JSON.stringify({ error: 'invalid_client', error_description: `Refused: ${told}` }))
  }
  const http = createServer((request, response) => void answer(request, response))
  const redis = createTcpServer((socket) => {
    counted('redis')
    socket.on('error', () => undefined)
    socket.on('data', (data: Buffer) => socket.write(`-WRONGPASS invalid password: ${data.toString().replace(/[\r\n]+/g, ' ')}\r\n`))
  })
  const collect = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    traces += await bodyOf(request)
    counted('collector')
    response.writeHead(200, json).end('{}')
  }
  const collector = createServer((request, response) => void collect(request, response))
  const portOf = async (server: typeof http | typeof redis): Promise<number> => {
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', () => resolve()))
    return (server.address() as AddressInfo).port
  }
  const [httpPort, redisPort, collectorPort] = await Promise.all([portOf(http), portOf(redis), portOf(collector)])
  return {
    http: `http://127.0.0.1:${httpPort}`,
    redisPort,
    collector: `http://127.0.0.1:${collectorPort}`,
    traces: () => traces,
    calls,
    close: () => {
      for (const server of [http, collector]) server.closeAllConnections()
      for (const server of [http, redis, collector]) server.close()
    },
  }
}

const json = { 'content-type': 'application/json' }

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('latin1')
}

function discovery(issuer: string): string {
  return JSON.stringify({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/keys`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  })
}
