import { assertSealed, type ApprovedStatement } from '../../domain/index.ts'
import type { DryRun, Explanation, Lease, ResultStream, WriteOptions, WriterSignIn, WriteResult } from './engine.ts'
import { writesOnly } from './outer-clock.ts'

type DryRunOptions = Omit<WriteOptions, 'beforeCommit'>

/** What one engine does on a session of its writer. */
export interface Writing<Held> {
  write(session: Held, approved: ApprovedStatement, options: WriteOptions): Promise<WriteResult>
  /** null: the engine cannot take this write back. */
  dryRun(session: Held, approved: ApprovedStatement, options: DryRunOptions): Promise<DryRun | null>
}

/** Who signs in to write. Throws what keeps the password from being found: a driver would wrap it. */
export function writerOf(target: WriterSignIn & { readonly writer?: WriterSignIn | null }): WriterSignIn {
  const writer = target.writer ?? target
  writer.password?.reveal()
  return writer
}

/** What a database user is there for: `both` where no other one writes. */
export type Purpose = 'read' | 'write' | 'both'

/** A session of the writer, for one write or one dry run; it is closed afterwards. The same gate before every engine. */
export class WriteLease<Held extends { spoil(): void }> implements Lease {
  readonly #session: Held
  readonly #writing: Writing<Held>
  readonly #giveBack: (session: Held) => Promise<void>
  #isReleased = false

  constructor(session: Held, writing: Writing<Held>, giveBack: (session: Held) => Promise<void>) {
    this.#session = session
    this.#writing = writing
    this.#giveBack = giveBack
  }

  async write(approved: ApprovedStatement, options: WriteOptions): Promise<WriteResult> {
    requireAccess(approved, ['write'])
    return await this.#writing.write(this.#session, approved, options)
  }

  async dryRun(approved: ApprovedStatement, options: DryRunOptions): Promise<DryRun | null> {
    requireAccess(approved, ['dry-run', 'write'])
    return await this.#writing.dryRun(this.#session, approved, options)
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
