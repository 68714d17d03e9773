import { assertSealed, type ApprovedStatement } from '../../../domain/index.ts'
import type { DryRun, Explanation, Lease, ResultStream, WriteOptions, WriteResult } from '../engine.ts'
import { writesOnly } from '../outer-clock.ts'
import type { MysqlSession } from './session.ts'
import { dryRunOn, writeOn } from './writing.ts'

/** A session of the writer, for one write or one dry run; it is closed afterwards. */
export class MysqlWriteLease implements Lease {
  readonly #session: MysqlSession
  readonly #giveBack: (session: MysqlSession) => Promise<void>
  #isReleased = false

  constructor(session: MysqlSession, giveBack: (session: MysqlSession) => Promise<void>) {
    this.#session = session
    this.#giveBack = giveBack
  }

  async write(approved: ApprovedStatement, options: WriteOptions): Promise<WriteResult> {
    requireWrite(approved)
    return await writeOn(this.#session, approved, options)
  }

  async dryRun(approved: ApprovedStatement, options: Omit<WriteOptions, 'beforeCommit'>): Promise<DryRun | null> {
    requireWrite(approved)
    return await dryRunOn(this.#session, approved, options)
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

function requireWrite(approved: ApprovedStatement): void {
  assertSealed(approved)
  if (approved.access !== 'write') throw writesOnly()
}
