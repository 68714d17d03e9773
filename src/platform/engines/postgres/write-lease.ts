import { assertSealed, type ApprovedStatement } from '../../../domain/index.ts'
import type { DryRun, Explanation, Lease, ResultStream, WriteOptions, WriteResult } from '../engine.ts'
import { writesOnly } from '../outer-clock.ts'
import type { ServerFacts } from './prologue.ts'
import type { PostgresSession } from './session.ts'
import { dryRunOn, writeOn } from './writing.ts'

/** A session of the writer, for one write or one dry run; it is closed afterwards. */
export class PostgresWriteLease implements Lease {
  readonly #session: PostgresSession
  readonly #facts: ServerFacts
  readonly #giveBack: (session: PostgresSession) => Promise<void>
  #isReleased = false

  constructor(session: PostgresSession, facts: ServerFacts, giveBack: (session: PostgresSession) => Promise<void>) {
    this.#session = session
    this.#facts = facts
    this.#giveBack = giveBack
  }

  async write(approved: ApprovedStatement, options: WriteOptions): Promise<WriteResult> {
    requireAccess(approved, ['write'])
    return await writeOn(this.#session, this.#facts, approved, options)
  }

  async dryRun(approved: ApprovedStatement, options: Omit<WriteOptions, 'beforeCommit'>): Promise<DryRun> {
    requireAccess(approved, ['dry-run', 'write'])
    return await dryRunOn(this.#session, this.#facts, approved, options)
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
