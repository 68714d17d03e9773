import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A bucket that believes nobody: each request's AWS Signature Version 4 is computed anew from what arrived. */
export interface BucketServer {
  /** With the bucket. */
  readonly endpoint: string
  readonly objects: Map<string, string>
  /** How often a request was turned away for its signature. */
  refused(): number
  /** Answers 503 to everything while true. */
  setDown(isDown: boolean): void
  stop(): Promise<void>
}

export async function startBucket(keys: {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
}): Promise<BucketServer> {
  const objects = new Map<string, string>()
  let [refused, isDown] = [0, false]
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      if (isDown) return response.writeHead(503).end()
      if (!isSignedBy(keys, request, body)) {
        refused++
        return response.writeHead(403, { 'content-type': 'application/xml' }).end('<Error><Code>SignatureDoesNotMatch</Code></Error>')
      }
      const key = decodeURIComponent((request.url ?? '').split('?')[0] ?? '').replace(/^\/trail\//, '')
      if (request.method === 'PUT') {
        objects.set(key, body.toString('utf8'))
        return response.writeHead(200, { etag: '"1"' }).end()
      }
      const found = objects.get(key)
      if (found === undefined)
        return response.writeHead(404, { 'content-type': 'application/xml' }).end('<Error><Code>NoSuchKey</Code></Error>')
      return response.writeHead(200, { 'content-type': 'application/json' }).end(found)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo // it listens on TCP
  return {
    endpoint: `http://127.0.0.1:${port}/trail`,
    objects,
    refused: () => refused,
    setDown: (down) => {
      isDown = down
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data, 'utf8').digest()

/** As AWS describes it: canonical request, string to sign, derived key. */
function isSignedBy(
  keys: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly region: string },
  request: IncomingMessage,
  body: Buffer,
): boolean {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      request.headers.authorization ?? '',
    )
  if (match === null) return false
  const [, accessKeyId, day = '', region = '', signedHeaders = '', signature = ''] = match
  const payload = String(request.headers['x-amz-content-sha256'])
  if (accessKeyId !== keys.accessKeyId || region !== keys.region) return false
  if (payload !== 'UNSIGNED-PAYLOAD' && payload !== sha256(body)) return false
  const names = signedHeaders.split(';')
  if (!['host', 'x-amz-content-sha256', 'x-amz-date'].every((name) => names.includes(name))) return false
  const time = String(request.headers['x-amz-date'])
  if (!time.startsWith(day) || Math.abs(Date.now() - timeOf(time)) > 15 * 60_000) return false
  const [path = '', query = ''] = (request.url ?? '').split('?')
  const canonical = [
    request.method,
    path,
    query.split('&').toSorted().join('&'),
    ...names.map((name) => `${name}:${String(request.headers[name]).trim()}`),
    '',
    signedHeaders,
    payload,
  ].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')
  const key = hmac(hmac(hmac(hmac(`AWS4${keys.secretAccessKey}`, day), region), 's3'), 'aws4_request')
  return timingSafeEqual(hmac(key, toSign), Buffer.from(signature, 'hex'))
}

function timeOf(stamp: string): number {
  return Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
}
