import { ShellError } from '../../../domain/index.ts'
import type { Engine, EnginePool, EngineTarget, PoolOptions } from '../engine.ts'
import { pinOnce, type HostPolicy } from '../host-policy.ts'
import { LeasePool } from '../lease-pool.ts'
import { WriteLease, writerOf, type Writing } from '../write-lease.ts'
import { readOwn, type OwnReading } from '../own-reading.ts'
import { readCatalog } from './catalog.ts'
import { statementFailure } from './errors.ts'
import { PostgresLease } from './lease.ts'
import { preflight } from './preflight.ts'
import { readFacts } from './server-facts.ts'
import { beginRead, endRead, type ServerFacts } from './prologue.ts'
import type { PostgresTarget } from './postgres-target.ts'
import { PostgresSession } from './session.ts'
import { dryRunOn, settleOn, writeOn } from './writing.ts'

/** PostgreSQL 12 and newer. */
export function createPostgresEngine(hosts: HostPolicy): Engine {
  return {
    dialect: 'postgres',
    open: (target: EngineTarget, options: PoolOptions): EnginePool => {
      if (target.engine !== 'postgres')
        throw new ShellError({ code: 'engines.wrong-engine', kind: 'invalid', message: 'This is not a PostgreSQL target.' })
      return openPool(target, hosts, options)
    },
  }
}

function openPool(target: PostgresTarget, hosts: HostPolicy, options: PoolOptions): EnginePool {
  const address = pinOnce(target.host, hosts)
  let facts: ServerFacts | null = null
  const signIn = async (user: Pick<PostgresTarget, 'user' | 'password'>): Promise<PostgresSession> =>
    PostgresSession.open({ ...target, ...user }, await address(), options.connectTimeoutMs)
  /** Part of connecting: a server that has nothing to say of itself by then is hung up on, or its place in the pool would be lost. */
  const factsOf = async (session: PostgresSession): Promise<ServerFacts> => {
    const patience = setTimeout(() => session.destroy(), options.connectTimeoutMs)
    try {
      return await readFacts(session)
    } catch (error) {
      session.destroy()
      throw ownFailure(error)
    } finally {
      clearTimeout(patience)
    }
  }
  const open = async (): Promise<PostgresSession> => {
    const session = await signIn(target)
    facts ??= await factsOf(session)
    return session
  }
  const pool = new LeasePool(open, options)
  const writers = new LeasePool(async () => signIn(writerOf(target)), { ...options, maxLeases: Math.min(mostWriters, options.maxLeases) })
  const own = <Result>(
    signal: AbortSignal | undefined,
    work: (session: PostgresSession) => Promise<Result>,
    from = pool,
  ): Promise<Result> => readOwn(from, ownReading, signal, work)
  const giveBack = (session: PostgresSession): Promise<void> =>
    session.hasToKeep ? session.keepGiven().then(() => pool.give(session)) : pool.give(session)
  const lend = (session: PostgresSession): PostgresLease => {
    if (facts === null) throw new Error('A session was lent before its server was known') // `open` reads them first
    return new PostgresLease(session, facts, giveBack)
  }
  /** Names mean what they mean to the guard: the search path is the one the catalog was read with. */
  const leaseToWrite = async (signal: AbortSignal, waitMs: number | undefined): Promise<WriteLease<PostgresSession>> => {
    if (facts === null) await own(signal, async () => undefined) // the first session reads them
    const session = await writers.take(signal, waitMs)
    try {
      const own = await factsOf(session)
      const known = { ...own, searchPath: facts?.searchPath ?? own.searchPath }
      const writing: Writing<PostgresSession> = {
        write: (held, approved, options) => writeOn(held, known, approved, options),
        dryRun: (held, approved, options) => dryRunOn(held, known, approved, options),
      }
      return new WriteLease(session, writing, (back) => writers.give(back))
    } catch (error) {
      await writers.give(session)
      throw error
    }
  }
  return {
    readCatalog: ({ disclosure, signal }) => own(signal, (session) => readCatalog(session, disclosure, facts?.searchPath ?? [])),
    preflight: (signal) => own(signal, (session) => preflight(session, target.writer == null ? 'both' : 'read')),
    preflightWriter: async (signal) => (target.writer == null ? null : own(signal, (session) => preflight(session, 'write'), writers)),
    lease: ({ signal, waitMs, access }) => (access === 'write' ? leaseToWrite(signal, waitMs) : pool.take(signal, waitMs).then(lend)),
    settle: (marker, signal) => own(signal, (session) => settleOn(session, marker)),
    close: async () => {
      await Promise.all([pool.close(), writers.close()])
    },
  }
}

const ownTimeoutMs = 20_000
/** Writes are few, each waits for people, and they queue behind one another's locks anyway. */
const mostWriters = 2

function ownFailure(error: unknown): ShellError {
  return statementFailure(error, { timeoutMs: ownTimeoutMs, startedMs: 0, offset: 0 })
}

const ownReading: OwnReading<PostgresSession> = {
  timeoutMs: ownTimeoutMs,
  begin: (session) =>
    session.client.query(`${beginRead}; SET LOCAL statement_timeout = '${ownTimeoutMs}'; SET LOCAL lock_timeout = '2000'`),
  end: (session) => session.client.query(endRead),
  failure: ownFailure,
}
