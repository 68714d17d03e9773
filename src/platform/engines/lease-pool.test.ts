import { afterEach, describe, expect, test, vi } from 'vitest'
import { isShellError } from '../../domain/index.ts'
import { LeasePool, type Session } from './lease-pool.ts'

interface Made extends Session {
  isUsable: boolean
  isClosed: boolean
}

/** Sessions that open when told to. */
function workshop(options: { readonly maxLeases: number; readonly maxWaiting: number; readonly idleMs?: number }) {
  const made: Made[] = []
  const opening: PromiseWithResolvers<void>[] = []
  let isManual = false
  const pool = new LeasePool<Made>(async () => {
    if (isManual) {
      const gate = Promise.withResolvers<void>()
      opening.push(gate)
      await gate.promise
    }
    const session: Made = { isUsable: true, isClosed: false, close: async () => void (session.isClosed = true) }
    made.push(session)
    return session
  }, options)
  return { pool, made, opening, byHand: () => (isManual = true) }
}

afterEach(() => void vi.useRealTimers())

const never = new AbortController().signal
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: unknown) => (isShellError(error) ? error.code : String(error)),
  )

describe('the lease pool', () => {
  test('lends a session again after it has come back', async () => {
    const { pool, made } = workshop({ maxLeases: 2, maxWaiting: 0 })
    const first = await pool.take(never)
    await pool.give(first)
    expect(await pool.take(never)).toBe(first)
    expect(made).toHaveLength(1)
  })

  test('closes a session that is not usable and opens another in its place for who waits', async () => {
    const { pool, made } = workshop({ maxLeases: 1, maxWaiting: 1 })
    const first = await pool.take(never)
    const waiting = pool.take(never)
    first.isUsable = false
    await pool.give(first)
    expect(first.isClosed).toBe(true)
    expect(await waiting).toBe(made[1])
  })

  test('does not lend an idle session that has died meanwhile', async () => {
    const { pool } = workshop({ maxLeases: 1, maxWaiting: 0 })
    const first = await pool.take(never)
    await pool.give(first)
    first.isUsable = false
    expect(await pool.take(never)).not.toBe(first)
  })

  test('refuses at once when the queue is full', async () => {
    const { pool } = workshop({ maxLeases: 1, maxWaiting: 1 })
    const first = await pool.take(never)
    const waiting = pool.take(never)
    expect(await codeOf(pool.take(never))).toBe('engines.busy')
    await pool.give(first)
    await waiting
  })

  test('a waiter who gave up while a session was being opened for it costs nobody else a place', async () => {
    const { pool, opening, byHand } = workshop({ maxLeases: 1, maxWaiting: 2 })
    const first = await pool.take(never)
    byHand()
    const impatient = codeOf(pool.take(never, 10))
    const patient = pool.take(never)
    first.isUsable = false
    await pool.give(first)
    expect(await impatient).toBe('engines.busy')
    opening[0]?.resolve()
    const session = await patient
    expect(pool.counts).toEqual({ used: 1, waiting: 0 })
    await pool.give(session)
    expect(await pool.take(never)).toBe(session)
  })

  test('a session that cannot be opened fails one taker and not the place', async () => {
    let times = 0
    const pool = new LeasePool<Session>(
      async () => {
        times += 1
        if (times === 1) throw new Error('refused')
        return { isUsable: true, close: async () => undefined }
      },
      { maxLeases: 1, maxWaiting: 5 },
    )
    const takers = [codeOf(pool.take(never)), codeOf(pool.take(never))]
    expect(await Promise.all(takers)).toEqual(['Error: refused', 'none'])
  })

  test('an asker who leaves the queue is told so', async () => {
    const { pool } = workshop({ maxLeases: 1, maxWaiting: 1 })
    await pool.take(never)
    const controller = new AbortController()
    const waiting = codeOf(pool.take(controller.signal))
    controller.abort()
    expect(await waiting).toBe('run.cancelled')
    expect(pool.counts).toEqual({ used: 1, waiting: 0 })
  })

  test('closing refuses who waits, and what is on loan is closed when it comes back', async () => {
    const { pool } = workshop({ maxLeases: 1, maxWaiting: 1 })
    const first = await pool.take(never)
    const waiting = codeOf(pool.take(never))
    await pool.close()
    expect(await waiting).toBe('engines.closed')
    expect(first.isClosed).toBe(false)
    await pool.give(first)
    expect(first.isClosed).toBe(true)
    expect(await codeOf(pool.take(never))).toBe('engines.closed')
  })

  test('an idle session is closed after its time', async () => {
    const { pool } = workshop({ maxLeases: 1, maxWaiting: 1, idleMs: 1 })
    const first = await pool.take(never)
    await pool.give(first)
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(first.isClosed).toBe(true)
    expect(await pool.take(never)).not.toBe(first)
  })

  test('each idle session has its own time, and one that is lent meanwhile stays', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
    const { pool } = workshop({ maxLeases: 3, maxWaiting: 1, idleMs: 100 })
    const [first, second, lent] = [await pool.take(never), await pool.take(never), await pool.take(never)]
    await pool.give(first)
    vi.advanceTimersByTime(60)
    await pool.give(second)
    vi.advanceTimersByTime(60)
    expect([first.isClosed, second.isClosed, lent.isClosed]).toEqual([true, false, false])
    vi.advanceTimersByTime(60)
    expect([second.isClosed, lent.isClosed]).toEqual([true, false])
    await pool.give(lent)
    expect(await pool.take(never)).toBe(lent)
    vi.advanceTimersByTime(200)
    expect(lent.isClosed).toBe(false)
  })
})
