import { ShellError } from '../../../domain/index.ts'
import type { Engine, EnginePool, EngineTarget, PoolOptions } from '../engine.ts'
import { pinHost, type HostPolicy } from '../host-policy.ts'
import { LeasePool } from '../lease-pool.ts'
import { readCatalog } from './catalog.ts'
import { statementFailure } from './errors.ts'
import { PostgresLease } from './lease.ts'
import { preflight } from './preflight.ts'
import { beginRead } from './prologue.ts'
import type { PostgresTarget } from './postgres-target.ts'
import { PostgresSession } from './session.ts'

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
  let pinned: Promise<string> | null = null
  const open = async (): Promise<PostgresSession> => {
    pinned ??= pinHost(target.host, hosts)
    const address = await pinned.catch((error: unknown) => {
      pinned = null // a name that does not resolve now may resolve later
      throw error
    })
    return await PostgresSession.open(target, address, options.connectTimeoutMs)
  }
  const pool = new LeasePool(open, options)
  /** Our own reading of the server's catalogs: read-only, timed, never in the way of questions for long. */
  const own = async <Result>(signal: AbortSignal | undefined, work: (session: PostgresSession) => Promise<Result>): Promise<Result> => {
    const session = await pool.take(signal ?? new AbortController().signal)
    try {
      await session.client.query(`${beginRead}; SET LOCAL statement_timeout = '${ownTimeoutMs}'; SET LOCAL lock_timeout = '2000'`)
      const result = await work(session)
      await session.client.query('COMMIT')
      return result
    } catch (error) {
      session.spoil()
      throw error instanceof ShellError ? error : statementFailure(error, ownTimeoutMs)
    } finally {
      await pool.give(session)
    }
  }
  return {
    readCatalog: ({ disclosure, signal }) => own(signal, (session) => readCatalog(session, disclosure)),
    preflight: (signal) => own(signal, (session) => preflight(session)),
    lease: async ({ signal, waitMs }) => new PostgresLease(await pool.take(signal, waitMs), (session) => pool.give(session)),
    close: () => pool.close(),
  }
}

const ownTimeoutMs = 20_000
