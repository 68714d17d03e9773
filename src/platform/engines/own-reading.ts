import type { LeasePool, Session } from './lease-pool.ts'
import { cancelled } from './outer-clock.ts'

/** How an engine begins and ends a transaction of its own, that only reads. */
export interface OwnReading<Held> {
  /** The server's; whoever is silent twice as long is hung up on. */
  readonly timeoutMs: number
  readonly begin: (session: Held) => Promise<unknown>
  readonly end: (session: Held) => Promise<unknown>
  readonly failure: (error: unknown) => unknown
}

/** Our own reading of the server's catalogs: read-only, timed, never in the way of questions for long. */
export async function readOwn<Held extends Session & { destroy(): void }, Result>(
  pool: LeasePool<Held>,
  { timeoutMs, begin, end, failure }: OwnReading<Held>,
  signal: AbortSignal | undefined,
  work: (session: Held) => Promise<Result>,
): Promise<Result> {
  const session = await pool.take(signal ?? new AbortController().signal)
  const hangUp = (): void => session.destroy()
  signal?.addEventListener('abort', hangUp, { once: true })
  const timer = setTimeout(hangUp, 2 * timeoutMs)
  try {
    await begin(session)
    return await work(session)
  } catch (error) {
    throw signal?.aborted === true ? cancelled() : failure(error)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', hangUp)
    if (session.isUsable) await end(session).catch(hangUp)
    await pool.give(session)
  }
}
