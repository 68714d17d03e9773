import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { ShellError } from '../../../domain/index.ts'
import { catalogVersion } from '../catalog-version.ts'
import type { Engine, EnginePool, PoolOptions } from '../engine.ts'
import { LeasePool } from '../lease-pool.ts'
import { WriteLease } from '../write-lease.ts'
import { cancelled } from '../outer-clock.ts'
import { statementFailure } from './errors.ts'
import { SqliteLease } from './lease.ts'
import { preflight } from './preflight.ts'
import { SqliteSession, type SandboxOptions } from './session.ts'
import { pinFile, type SqliteTarget } from './sqlite-target.ts'
import { dryRunOn, settleOn, writeOn } from './writing.ts'

export interface SqliteEngineOptions extends Partial<SandboxOptions> {
  /** Files must lie inside one of these, symbolic links followed; none: no SQLite file can be opened. */
  readonly allowedDirectories: readonly string[]
}

const ownTimeoutMs = 20_000

/** SQLite files, each read in a process of its own that may do nothing else. */
export function createSqliteEngine(options: SqliteEngineOptions): Engine {
  const sandbox: SandboxOptions = {
    sandboxFile: options.sandboxFile ?? null,
    maxMemoryBytes: options.maxMemoryBytes ?? 768 * 1024 * 1024,
    maxTempBytes: options.maxTempBytes ?? 1024 * 1024 * 1024,
    hasShell: options.hasShell ?? (process.platform !== 'win32' && existsSync('/bin/sh')),
  }
  return {
    dialect: 'sqlite',
    open: (target, poolOptions) => {
      if (target.engine !== 'sqlite')
        throw new ShellError({ code: 'engines.wrong-engine', kind: 'invalid', message: 'This is not a SQLite target.' })
      return openPool(target, options.allowedDirectories, sandbox, poolOptions)
    },
  }
}

function openPool(target: SqliteTarget, allowedDirectories: readonly string[], sandbox: SandboxOptions, options: PoolOptions): EnginePool {
  const pool = new LeasePool(
    async () => SqliteSession.open(await pinFile(target.file, allowedDirectories), sandbox, options.connectTimeoutMs),
    options,
  )
  const writers = new LeasePool(
    async () => SqliteSession.open(await pinFile(target.file, allowedDirectories), sandbox, options.connectTimeoutMs, 'write'),
    { ...options, maxLeases: 1 }, // SQLite has one writer at a time
  )
  const own = async <Result>(signal: AbortSignal | undefined, work: (session: SqliteSession) => Promise<Result>): Promise<Result> => {
    const session = await pool.take(signal ?? new AbortController().signal)
    const hangUp = (): void => session.destroy()
    signal?.addEventListener('abort', hangUp, { once: true })
    const timer = setTimeout(hangUp, ownTimeoutMs)
    try {
      return await work(session)
    } catch (error) {
      throw signal?.aborted === true ? cancelled() : error
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', hangUp)
      await pool.give(session)
    }
  }
  return {
    readCatalog: ({ disclosure, signal }) =>
      own(signal, async (session) => {
        const answer = await session.ask({ type: 'catalog', hasStatistics: disclosure !== 'schema' })
        if (answer.type === 'failed') throw statementFailure(answer)
        if (answer.type !== 'catalog') throw new Error(`The sandbox answered ${answer.type} for a catalog`)
        // A file brings no functions, operators or types of its own: those belong to the program that opens it.
        const schema = { searchPath: ['main'], relations: answer.relations, functions: [], operators: [], types: [] }
        const version = catalogVersion(schema)
        return { dialect: 'sqlite', database: basename(target.file), serverVersion: session.version, version, ...schema }
      }),
    preflight: (signal) => own(signal, (session) => preflight(session)),
    preflightWriter: async () => null,
    lease: async ({ signal, waitMs, access }) =>
      access === 'write'
        ? new WriteLease(await writers.take(signal, waitMs), { write: writeOn, dryRun: dryRunOn }, (session) => writers.give(session))
        : new SqliteLease(await pool.take(signal, waitMs), (session) => pool.give(session)),
    settle: async (marker, signal = new AbortController().signal) => {
      const session = await writers.take(signal)
      try {
        return await settleOn(session, marker)
      } finally {
        session.spoil()
        await writers.give(session)
      }
    },
    close: async () => {
      await Promise.all([pool.close(), writers.close()])
    },
  }
}
