import { assertSealed, type ApprovedStatement } from '../../../domain/index.ts'
import type { CopyChunk, CopyFormat, DryRun, Explanation, Lease, ReadOptions, ResultStream, WriteResult } from '../engine.ts'
import { cancelled, readsOnly } from '../outer-clock.ts'
import { runComment } from '../run-comment.ts'
import { resultColumns } from './column-kind.ts'
import { copyText, isCopyable } from './copy-text.ts'
import { ByteGatherer } from './gather-bytes.ts'
import { RowGatherer } from './gather-rows.ts'
import type { Gatherer } from './portal-read.ts'
import { ending, readSettings, type ServerFacts } from './prologue.ts'
import { Reading } from './reading.ts'
import { lost, type PostgresSession } from './session.ts'
import type { FieldDescription } from './wire-messages.ts'

const planLines = 1_000
const done = Promise.resolve()

type StartOptions = Pick<ReadOptions, 'signal' | 'mark'> & { readonly isDescribeOnly?: boolean }

/** A session on loan. Each statement has a read-only transaction of its own, which is rolled back. */
export class PostgresLease implements Lease {
  readonly #session: PostgresSession
  readonly #facts: ServerFacts
  readonly #giveBack: (session: PostgresSession) => Promise<void>
  #current: Pick<Reading<unknown>, 'leave'> | null = null
  #isReleased = false

  constructor(session: PostgresSession, facts: ServerFacts, giveBack: (session: PostgresSession) => Promise<void>) {
    this.#session = session
    this.#facts = facts
    this.#giveBack = giveBack
  }

  async read(approved: ApprovedStatement, options: ReadOptions): Promise<ResultStream> {
    const fields = (): readonly FieldDescription[] => reading.portal.fields
    if (this.#current !== null) await this.#current.leave()
    const reading = this.#start(approved, approved.sql, options, new RowGatherer(options.batchRows, () => fields()))
    const first = await reading.next()
    return { columns: resultColumns(fields()), batches: new Batches(first, reading) }
  }

  /** Two round trips: the columns first, because names and some spellings of COPY depend on them. */
  async copy(approved: ApprovedStatement, format: CopyFormat, options: ReadOptions): Promise<AsyncIterable<CopyChunk> | null> {
    assertSealed(approved)
    if (!isCopyable(approved.sql) || approved.params.length > 0) return null
    await this.#current?.leave()
    const description = this.#start(approved, approved.sql, { ...options, isDescribeOnly: true }, new ByteGatherer(0))
    await description.next()
    const text = copyText(approved.sql, description.portal.fields, format)
    await description.leave()
    const reading = this.#start(approved, text, options, new ByteGatherer(format === 'csv' ? 1 : 0))
    return new Batches(await reading.next(), reading)
  }

  async explain(approved: ApprovedStatement, options: Omit<ReadOptions, 'batchRows'>): Promise<Explanation> {
    const fields = (): readonly FieldDescription[] => reading.portal.fields
    await this.#current?.leave()
    const reading = this.#start(approved, `EXPLAIN ${approved.sql}`, options, new RowGatherer(planLines, () => fields()))
    const lines: string[] = []
    for await (const rows of new Batches(await reading.next(), reading)) lines.push(...rows.map((row) => row[0] ?? ''))
    return readPlan(lines)
  }

  async write(approved: ApprovedStatement): Promise<WriteResult> {
    assertSealed(approved)
    throw readsOnly()
  }

  async dryRun(approved: ApprovedStatement): Promise<DryRun> {
    assertSealed(approved)
    throw readsOnly()
  }

  release(): Promise<void> {
    if (this.#isReleased) return done
    this.#isReleased = true
    const current = this.#current
    // The session goes back only after the server is ready for another statement; the asker need not wait for it.
    if (current === null) return this.#giveBack(this.#session)
    void current.leave().then(() => this.#giveBack(this.#session))
    return done
  }

  /** The statement before it has been left. */
  #start<Batch>(approved: ApprovedStatement, text: string, options: StartOptions, gatherer: Gatherer<Batch>): Reading<Batch> {
    assertSealed(approved)
    if (approved.access !== 'read') throw readsOnly()
    if (options.signal.aborted) throw cancelled()
    if (this.#isReleased || !this.#session.isUsable) throw lost()
    const { limits, params, sql } = approved
    const comment = runComment(options.mark)
    const reading = new Reading(this.#session, {
      opening: this.#session.opening(readSettings(this.#facts, limits)),
      text: comment + text,
      // Of a text with masks in it, a place in it would mean nothing to who wrote another one.
      offset: approved.isSpliced === true ? null : comment.length + Math.max(0, text.indexOf(sql)),
      params,
      limits,
      ending: ending(this.#facts),
      gatherer,
      isDescribeOnly: options.isDescribeOnly ?? false,
      signal: options.signal,
    })
    this.#current = reading
    return reading
  }
}

/** By hand: a generator takes longer than most small reads have rows to give. */
class Batches<Batch> implements AsyncIterableIterator<Batch, undefined> {
  readonly #reading: Reading<Batch>
  #first: Batch | null
  #isOver = false

  constructor(first: Batch | null, reading: Reading<Batch>) {
    this.#first = first
    this.#reading = reading
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Batch, undefined>> {
    const first = this.#first
    this.#first = null
    if (first !== null) return Promise.resolve({ done: false, value: first })
    return this.#isOver || this.#reading.portal.isDrained ? this.return() : this.#more()
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    this.#first = null
    this.#isOver = true
    return this.#reading.leave().then(() => over)
  }

  async #more(): Promise<IteratorResult<Batch, undefined>> {
    try {
      const batch = await this.#reading.next()
      return batch === null ? await this.return() : { done: false, value: batch }
    } catch (error) {
      await this.return()
      throw error
    }
  }
}

const over = { done: true, value: undefined } as const

function readPlan(lines: readonly string[]): Explanation {
  const top = /\(cost=[\d.]+\.\.([\d.]+) rows=(\d+)/.exec(lines[0] ?? '')
  return {
    text: lines.join('\n'),
    estimatedRows: top === null ? null : Number(top[2]),
    estimatedCost: top === null ? null : Number(top[1]),
  }
}
