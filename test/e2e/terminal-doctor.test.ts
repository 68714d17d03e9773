import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { runPiped } from '../support/terminal-process.ts'

let server: Server
afterEach(() => server.close())

/** A server that hangs up on the first callers, as one behind a network that does not know them yet. */
async function hangsUp(times: number): Promise<{ readonly baseUrl: string; readonly token: string }> {
  let calls = 0
  server = createServer((request, response) => {
    calls += 1
    if (calls <= times) return void request.socket.destroy()
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ status: 'ready', checks: [] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: 'ais_of-nobody' }
}

test('doctor asks once, and names a server that cannot be reached', async () => {
  const { code, out } = await runPiped(await hangsUp(1), ['doctor'])
  expect(out).toContain('The server cannot be reached')
  expect(code).toBe(1)
})

test('doctor --wait asks a server that cannot be reached again', async () => {
  const { out } = await runPiped(await hangsUp(3), ['doctor', '--wait', '60'])
  expect(out).toMatch(/ok +server: http:\/\/127\.0\.0\.1:\d+ is ready/)
})
