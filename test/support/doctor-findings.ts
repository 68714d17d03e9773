import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect } from 'vitest'

const servers: Server[] = []
afterEach(() => {
  for (const one of servers.splice(0)) one.close()
})

/** A server for the length of one test; gives its URL. */
export async function listen(answer: RequestListener): Promise<string> {
  const one = createServer(answer)
  servers.push(one)
  await new Promise<void>((resolve) => void one.listen(0, '127.0.0.1', () => resolve()))
  return `http://127.0.0.1:${(one.address() as AddressInfo).port}`
}

export const json =
  (body: unknown, status = 200): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

/** A fault is named, and the repair with it. */
export function naming(name: string, detail: RegExp, hint: RegExp): unknown {
  const finding: unknown = expect.objectContaining({
    name,
    detail: expect.stringMatching(detail) as unknown,
    hint: expect.stringMatching(hint) as unknown,
  })
  return expect.arrayContaining([finding])
}
