import { assertSealed, type ApprovedStatement } from '../../../domain/index.ts'
import type { DryRun, Explanation, Lease, ResultStream, WriteOptions, WriteResult } from '../engine.ts'
import { writesOnly } from '../outer-clock.ts'
import type { SqliteSession } from './session.ts'
import { dryRunOn, writeOn } from './writing.ts'

/** A sandbox that may change rows of its file, for one write or one dry run; it ends afterwards. */
export class SqliteWriteLease implements Lease {
  readonly #session: SqliteSession
  readonly #giveBack: (session: SqliteSession) => Promise<void>
  #isReleased = false

  constructor(session: SqliteSession, giveBack: (session: SqliteSession) => Promise<void>) {
    this.#session = session
    this.#giveBack = giveBack
  }

  async write(approved: ApprovedStatement, options: WriteOptions): Promise<WriteResult> {
    requireAccess(approved, ['write'])
    return await writeOn(this.#session, approved, options)
  }

  async dryRun(approved: ApprovedStatement, options: Omit<WriteOptions, 'beforeCommit'>): Promise<DryRun> {
    requireAccess(approved, ['dry-run', 'write'])
    return await dryRunOn(this.#session, approved, options.signal)
  }

  async read(approved: ApprovedStatement): Promise<ResultStream> {
    assertSealed(approved)
    throw writesOnly()
  }

  async copy(approved: ApprovedStatement): Promise<null> {
    assertSealed(approved)
    throw writesOnly()
  }

  async explain(approved: ApprovedStatement): Promise<Explanation> {
    assertSealed(approved)
    throw writesOnly()
  }

  async release(): Promise<void> {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#session.spoil()
    await this.#giveBack(this.#session)
  }
}

function requireAccess(approved: ApprovedStatement, fitting: readonly ApprovedStatement['access'][]): void {
  assertSealed(approved)
  if (!fitting.includes(approved.access)) throw writesOnly()
}
