import { ShellError } from '../../../domain/index.ts'
import type { Engine, EnginePool, EngineTarget, PoolOptions } from '../engine.ts'
import { pinOnce, type HostPolicy } from '../host-policy.ts'
import { LeasePool } from '../lease-pool.ts'
import { WriteLease, writerOf } from '../write-lease.ts'
import { readOwn, type OwnReading } from '../own-reading.ts'
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
  const address = pinOnce(target.host, hosts)
  const open = async (user: Pick<MysqlTarget, 'user' | 'password'>): Promise<MysqlSession> =>
    MysqlSession.open({ ...target, ...user }, await address(), options.connectTimeoutMs)
  const pool = new LeasePool(() => open(target), options)
  const writers = new LeasePool(async () => open(writerOf(target)), { ...options, maxLeases: Math.min(mostWriters, options.maxLeases) })
  const own = <Result>(signal: AbortSignal | undefined, work: (session: MysqlSession) => Promise<Result>, from = pool): Promise<Result> =>
    readOwn(from, ownReading, signal, work)
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
const ownReading: OwnReading<MysqlSession> = {
  timeoutMs: ownLimits.statementTimeoutMs,
  begin: async (session) => {
    await session.own(statementSettings(session.facts, ownLimits))
    await session.own(beginRead)
  },
  end: (session) => session.own(endRead),
  failure: (error) => statementFailure(error, { timeoutMs: ownLimits.statementTimeoutMs, startedMs: 0 }),
}
