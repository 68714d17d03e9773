import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { builtinGrants } from '../../src/domain/index.ts'
import { createHttpServer } from '../../src/surfaces/http/index.ts'
import { aReader, answerEnd, ask, closeServers, endless, rawPost, script, scriptedRooms, serve, willClose } from '../support/http-rooms.ts'

afterEach(closeServers)

describe('a client that leaves', () => {
  test.each(['text/event-stream', 'application/json'])('ends its answer at once (%s)', async (accept) => {
    const { rooms, begun, left } = endless()
    const { url } = await serve(rooms)
    const controller = new AbortController()
    const asking = ask(url, accept, { signal: controller.signal }).catch(() => {})
    await begun
    controller.abort()
    expect(await left).toBe('aborted')
    await asking
    expect(rooms.running.size).toBe(0)
  })

  test('but stays connected without reading holds the answer back, not in our memory', async () => {
    const { rooms, batches } = endless()
    const { url } = await serve(rooms)
    const response = await rawPost(url, 'text/event-stream')
    response.pause()
    let before = -1
    while (before !== batches()) {
      before = batches()
      await sleep(250)
    }
    expect(batches()).toBeLessThan(1_000) // of 64 KiB each: what the two socket buffers took, and no more
    response.destroy()
  })

  test('and reads nothing for too long is let go, and its answer ends', async () => {
    const { rooms, left } = endless()
    const { url } = await serve(rooms, { readerStallMs: 300 })
    const response = await rawPost(url, 'text/event-stream')
    response.on('error', () => undefined)
    response.pause()
    expect(await left).toBe('aborted')
    response.destroy()
  })

  test('but reads slowly is waited for', async () => {
    const { rooms, batches } = endless()
    const { url } = await serve(rooms, { readerStallMs: 1_500 })
    const response = await rawPost(url, 'text/event-stream')
    for (let time = 0; time < 6; time++) {
      response.resume()
      await sleep(100)
      response.pause()
      await sleep(500)
    }
    const before = batches()
    response.resume()
    await sleep(200)
    expect(response.destroyed).toBe(false)
    expect(batches()).toBeGreaterThan(before)
    response.destroy()
  })
})

test('connections beyond the most are closed as they come', async () => {
  const { server, url } = await serve(script([]), { maxConnections: 2 })
  const port = server.address()?.port ?? 0
  const held = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
  await Promise.all(held.map((socket) => once(socket, 'connect')))
  await expect(fetch(`${url}/health`)).rejects.toThrow('fetch failed')
  for (const socket of held) socket.destroy()
  await vi.waitUntil(async () => (await fetch(`${url}/health`).catch(() => null))?.status === 200, { timeout: 5_000 })
})

test('a tenant that asks without end leaves another its share of the places', async () => {
  const rooms = scriptedRooms(
    async function* (_question, signal) {
      yield { type: 'answer-begin', id: 'q', connection: 'demo' }
      await once(signal, 'abort')
      yield answerEnd({ outcome: 'abandoned' })
    },
    { reader: aReader, stranger: { ...aReader, tenantId: 't2' } },
  )
  const { url } = await serve(rooms, { maxRunningAnswers: 4 })
  const by = (token: string): Promise<Response> =>
    ask(url, 'text/event-stream', { headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } })
  const hers = await Promise.all([by('reader'), by('reader'), by('reader'), by('reader'), by('reader')])
  expect(hers.map((one) => one.status).toSorted((a, b) => a - b)).toEqual([200, 200, 200, 200, 429])
  expect((await by('stranger')).status).toBe(429)
  await hers.find((one) => one.status === 200)?.body?.cancel()
  await vi.waitUntil(() => rooms.running.size === 3, { timeout: 5_000 })
  expect((await by('reader')).status).toBe(429) // the free place is kept
  expect((await by('stranger')).status).toBe(200)
})

describe('cancelling', () => {
  const other = { ...aReader, memberId: 'm2', name: 'Bob' }
  const admin = { ...other, memberId: 'm3', roles: ['admin'], grants: builtinGrants('admin') }
  const stranger = { ...admin, tenantId: 't2' }

  test.each([
    ['one’s own', 'reader', 204],
    ['anybody’s as admin', 'admin', 204],
    ['another’s', 'other', 404],
    ['another tenant’s', 'stranger', 404],
  ])('%s question gives %s %d', async (_whose, token, status) => {
    const rooms = scriptedRooms(
      async function* (_question, signal) {
        yield { type: 'answer-begin', id: 'q', connection: 'demo' } // as every answer does, so that the asker has its head
        await once(signal, 'abort')
        yield answerEnd({ outcome: 'abandoned' })
      },
      { reader: aReader, other, admin, stranger },
    )
    const { url } = await serve(rooms)
    const response = await ask(url, 'text/event-stream')
    const id = response.headers.get('x-aishell-question') ?? ''
    const cancel = (by: string): Promise<Response> =>
      fetch(`${url}/api/v1/questions/${id}`, { method: 'DELETE', headers: { authorization: `Bearer ${by}` } })
    expect((await cancel(token)).status).toBe(status)
    if (status !== 204) await cancel('reader')
    expect(await response.text()).toContain('"outcome":"abandoned"')
  })
})

describe('draining', () => {
  test('turns ready away first, keeps answering, and lets a running answer end', async () => {
    let finish: () => void = () => {}
    const finished = new Promise<void>((resolve) => {
      finish = resolve
    })
    const { server, url } = await serve(
      scriptedRooms(async function* () {
        yield { type: 'answer-begin', id: 'q', connection: 'demo' }
        await finished
        yield answerEnd()
      }),
    )
    const running = await ask(url, 'text/event-stream')
    server.beginDrain()
    const ready = await fetch(`${url}/ready`)
    expect([ready.status, ((await ready.json()) as { status: string }).status]).toEqual([503, 'draining'])
    expect(ready.headers.get('connection')).toBe('close')
    const closed = server.close({ graceMs: 10_000 })
    finish()
    expect(await running.text()).toContain('"outcome":"answered"')
    await closed
    await expect(fetch(`${url}/health`)).rejects.toThrow('fetch failed')
  })

  test('answers whoever asks on a connection that stays, and tells it to close', async () => {
    const { server, url } = await serve(script([]))
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ask = async (): Promise<readonly unknown[]> => {
      const [response] = (await once(get(`${url}/health`, { agent }), 'response')) as [IncomingMessage]
      const { localPort } = response.socket
      await once(response.resume(), 'end')
      return [localPort, response.statusCode, response.headers.connection]
    }
    const [port] = await ask()
    const closed = server.close({ graceMs: 10_000 })
    await sleep(100)
    expect(await ask()).toEqual([port, 200, 'close'])
    await closed
  })

  test('aborts what has not ended within the grace, with a reason', async () => {
    const reasons: unknown[] = []
    const { server, url } = await serve(
      scriptedRooms(async function* (_question, signal) {
        yield { type: 'answer-begin', id: 'q', connection: 'demo' }
        await once(signal, 'abort')
        reasons.push(signal.reason)
        yield answerEnd({ outcome: 'failed' })
      }),
    )
    const running = await ask(url, 'text/event-stream')
    await server.close({ graceMs: 50 })
    expect(await running.text()).toContain('answer-end')
    expect(reasons).toMatchObject([{ code: 'http.stopping' }])
  })
})

test('metrics and probes have a port of their own where one is asked for', async () => {
  const server = await createHttpServer(script([]), { version: 'test', hasMetricsPort: true })
  willClose(server)
  const url = await server.listen({ host: '127.0.0.1', port: 0, metricsPort: 0 })
  const aside = `http://127.0.0.1:${server.metricsAddress()?.port}`
  expect(await (await fetch(`${aside}/metrics`)).text()).toBe('up 1\n')
  expect((await fetch(`${aside}/ready`)).status).toBe(200)
  expect((await fetch(`${url}/metrics`)).status).toBe(401)
})

test('a taken port is named', async () => {
  const { server } = await serve(script([]))
  const second = await createHttpServer(script([]), { version: 'test' })
  willClose(second)
  await expect(second.listen({ host: '127.0.0.1', port: server.address()?.port ?? 0 })).rejects.toMatchObject({ code: 'http.port-taken' })
})
