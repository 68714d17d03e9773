import { defaultLimits, type ApprovedStatement, type Limits } from '../../src/domain/index.ts'
import { sealStatement } from '../../src/domain/approved-statement.ts'
import type { Cell, ResultColumn } from '../../src/contract/index.ts'
import type { DryRun, EnginePool, Lease, PendingWrite, WriteResult } from '../../src/platform/engines/index.ts'

/** Seals a text as the guard would; only tests may. */
export function approve(sql: string, params: readonly (string | null)[] = [], limits: Partial<Limits> = {}): ApprovedStatement {
  return sealStatement({
    sql,
    params,
    class: 'read',
    access: 'read',
    connectionId: 'connection',
    catalogVersion: 'catalog',
    policyVersion: 'policy',
    limits: { ...defaultLimits, ...limits },
  })
}

/** A write as an approver would have let it through. */
export function approveWrite(sql: string, params: readonly (string | null)[] = [], limits: Partial<Limits> = {}): ApprovedStatement {
  return sealStatement({ ...approve(sql, params, limits), class: 'write', access: 'write' })
}

/** A write that nobody has let through yet: only to be counted. */
export function approveDryRun(sql: string): ApprovedStatement {
  return sealStatement({ ...approve(sql), class: 'write', access: 'dry-run' })
}

export const mark = { entryId: 'entry-1', actor: 'ada' }

export function never(): AbortSignal {
  return new AbortController().signal
}

export interface Result {
  readonly columns: readonly ResultColumn[]
  readonly rows: readonly (readonly Cell[])[]
}

export async function readOn(lease: Lease, approved: ApprovedStatement, signal = never(), batchRows = 100): Promise<Result> {
  const { columns, batches } = await lease.read(approved, { signal, mark, batchRows })
  const rows: (readonly Cell[])[] = []
  for await (const batch of batches) rows.push(...batch)
  return { columns, rows }
}

/** One statement on a lease of its own. */
export async function read(pool: EnginePool, approved: ApprovedStatement, signal = never()): Promise<Result> {
  const lease = await pool.lease({ signal })
  try {
    return await readOn(lease, approved, signal)
  } finally {
    await lease.release()
  }
}

/** One write on a lease of its own. */
export async function write(
  pool: EnginePool,
  approved: ApprovedStatement,
  beforeCommit: (pending: PendingWrite) => Promise<void> = async () => {},
  signal = never(),
): Promise<WriteResult> {
  const lease = await pool.lease({ signal: never(), access: 'write' })
  try {
    return await lease.write(approved, { signal, mark, beforeCommit })
  } finally {
    await lease.release()
  }
}

export async function dryRun(pool: EnginePool, approved: ApprovedStatement): Promise<DryRun | null> {
  const lease = await pool.lease({ signal: never(), access: 'write' })
  try {
    return await lease.dryRun(approved, { signal: never(), mark })
  } finally {
    await lease.release()
  }
}

/** The error a promise ends in, for a look at its code and text. */
export async function failureOf(work: Promise<unknown>): Promise<{ readonly code: string; readonly message: string }> {
  const error: unknown = await work.then(
    () => new Error('It did not fail'),
    (reason: unknown) => reason,
  )
  const { code, message } = error as { readonly code?: string; readonly message: string } // whatever was thrown, seen as text
  return { code: code ?? 'none', message }
}
