import { ShellError } from '../../../domain/index.ts'
import type { Engine, EnginePool, EngineTarget, PoolOptions } from '../engine.ts'
import { pinHost, type HostPolicy } from '../host-policy.ts'
import { LeasePool } from '../lease-pool.ts'
import { WriteLease, writerOf } from '../write-lease.ts'
import { cancelled } from '../outer-clock.ts'
import { readCatalog } from './catalog.ts'
import { statementFailure } from './errors.ts'
import { MysqlLease } from './lease.ts'
import type { MysqlTarget } from './mysql-target.ts'
import { preflight } from './preflight.ts'
import { MysqlSession } from './session.ts'
import { dryRunOn, settleOn, writeOn } from './writing.ts'
import { beginRead, endRead, statementSettings } from './settings.ts'

/** MySQL 8.0 and newer, or MariaDB 10.6 and newer. */
export function createMysqlEngine(dialect: 'mysql' | 'mariadb', hosts: HostPolicy): Engine {
  return {
    dialect,
    open: (target: EngineTarget, options: PoolOptions): EnginePool => {
      if (target.engine !== dialect)
        throw new ShellError({ code: 'engines.wrong-engine', kind: 'invalid', message: `This is not a ${dialect} target.` })
      return openPool(target, hosts, options)
    },
  }
}

function openPool(target: MysqlTarget, hosts: HostPolicy, options: PoolOptions): EnginePool {
  let pinned: Promise<string> | null = null
  const open = async (user: Pick<MysqlTarget, 'user' | 'password'>): Promise<MysqlSession> => {
    pinned ??= pinHost(target.host, hosts)
    const address = await pinned.catch((error: unknown) => {
      pinned = null // a name that does not resolve now may resolve later
      throw error
    })
    return await MysqlSession.open({ ...target, ...user }, address, options.connectTimeoutMs)
  }
  const pool = new LeasePool(() => open(target), options)
  const writers = new LeasePool(async () => open(writerOf(target)), { ...options, maxLeases: Math.min(mostWriters, options.maxLeases) })
  /** Our own reading of the server's catalogs: read-only, timed, never in the way of questions for long. */
  const own = async <Result>(
    signal: AbortSignal | undefined,
    work: (session: MysqlSession) => Promise<Result>,
    from = pool,
  ): Promise<Result> => {
    const session = await from.take(signal ?? new AbortController().signal)
    const hangUp = (): void => session.destroy()
    signal?.addEventListener('abort', hangUp, { once: true })
    const timer = setTimeout(hangUp, 2 * ownLimits.statementTimeoutMs)
    try {
      await session.own(statementSettings(session.facts, ownLimits))
      await session.own(beginRead)
      return await work(session)
    } catch (error) {
      throw signal?.aborted === true ? cancelled() : statementFailure(error, { timeoutMs: ownLimits.statementTimeoutMs, startedMs: 0 })
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', hangUp)
      if (session.isUsable) await session.own(endRead).catch(hangUp)
      await from.give(session)
    }
  }
  return {
    readCatalog: ({ disclosure, signal }) => own(signal, (session) => readCatalog(session, target, disclosure)),
    preflight: (signal) => own(signal, (session) => preflight(session, target.writer == null ? 'both' : 'read')),
    preflightWriter: async (signal) => (target.writer == null ? null : own(signal, (session) => preflight(session, 'write'), writers)),
    lease: async ({ signal, waitMs, access }) =>
      access === 'write'
        ? new WriteLease(await writers.take(signal, waitMs), { write: writeOn, dryRun: dryRunOn }, (back) => writers.give(back))
        : new MysqlLease(await pool.take(signal, waitMs), (back) => pool.give(back)),
    settle: (marker, signal) => own(signal, (session) => settleOn(session, marker), writers),
    close: async () => {
      await Promise.all([pool.close(), writers.close()])
    },
  }
}

/** Writes are few, each waits for people, and they queue behind one another's locks anyway. */
const mostWriters = 2
const ownLimits = { statementTimeoutMs: 20_000, lockTimeoutMs: 2_000, maxTempBytes: 1024 ** 3 }
