import { closeSync, openSync, readSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import type { Truncation } from '../../../domain/index.ts'
import type { Cell } from '../../../contract/index.ts'
import { cellText, resultColumn, type SqliteValue } from './column-kind.ts'
import { ourOwn, rowsOf, setLockTimeout } from './open-database.ts'
import type { SandboxAnswer, SandboxRequest, WriteRequest } from './sandbox-messages.ts'

/** The writing half of a sandbox that was opened to write. */
export class SandboxWriter {
  readonly #database: DatabaseSync
  readonly #file: string

  constructor(database: DatabaseSync, file: string) {
    this.#database = database
    this.#file = file
  }

  /** null: not for the writer. */
  answerTo(request: SandboxRequest): SandboxAnswer | null {
    switch (request.type) {
      case 'write':
        return this.#write(request)
      case 'commit':
      case 'rollback':
        this.#own(request.type.toUpperCase())
        return { type: 'ended' }
      case 'change-counter': {
        setLockTimeout(this.#database, request.lockTimeoutMs, 'write')
        this.#own('BEGIN IMMEDIATE')
        const changeCounter = this.#changeCounter()
        this.#own('ROLLBACK')
        return { type: 'change-counter', changeCounter }
      }
      default:
        return null
    }
  }

  /** IMMEDIATE takes the write lock first, so that no other writer can come between the counter and the commit. */
  #write(request: WriteRequest): SandboxAnswer {
    setLockTimeout(this.#database, request.lockTimeoutMs, 'write')
    this.#own('BEGIN IMMEDIATE')
    try {
      const changeCounter = this.#changeCounter()
      const done = this.#run(request)
      const [row] = ourOwn(this.#database, 'write', () => rowsOf<{ readonly n: number }>(this.#database, 'SELECT changes() AS n'))
      return { type: 'written', ...done, affectedRows: row?.n ?? 0, changeCounter }
    } catch (error) {
      if (this.#database.isTransaction) this.#own('ROLLBACK') // SQLite itself ends it after some errors
      throw error
    }
  }

  #run(request: WriteRequest) {
    const statement = this.#database.prepare(request.sql)
    statement.setReadBigInts(true)
    statement.setReturnArrays(true)
    const described = statement.columns()
    const rows: Cell[][] = []
    const samples: SqliteValue[] = []
    let truncated: Truncation | null = null
    let bytes = 0
    // The two settings above make rows of arrays with big integers; the typings cannot know.
    for (const values of statement.iterate(...request.params) as unknown as Iterable<readonly SqliteValue[]>) {
      if (truncated !== null) continue // the write goes on to its end, whatever it gives back
      const cells = values.map(cellText)
      bytes += cells.reduce((sum, cell) => sum + (cell === null ? 0 : Buffer.byteLength(cell)), 0)
      if (rows.length >= request.maxRows) truncated = 'row-cap'
      else if (bytes > request.maxBytes) truncated = 'byte-cap'
      else {
        for (const [at, value] of values.entries()) samples[at] ??= value
        rows.push(cells)
      }
    }
    return { columns: described.map(({ name, type }, at) => resultColumn(name, type, samples[at])), rows, truncated }
  }

  /**
   * Grows with every commit in a file with a rollback journal (fileformat2.html §1.3.5): the same number later means that
   * nothing was committed. With a write-ahead log it stands still and tells nothing.
   */
  #changeCounter(): number | null {
    const [mode] = ourOwn(this.#database, 'write', () => rowsOf<{ readonly journal_mode: string }>(this.#database, 'PRAGMA journal_mode'))
    if (mode?.journal_mode === 'wal') return null
    const file = openSync(this.#file, 'r')
    try {
      const header = Buffer.alloc(4)
      return readSync(file, header, 0, 4, 24) === 4 ? header.readUInt32BE(0) : null
    } finally {
      closeSync(file)
    }
  }

  #own(text: string): void {
    ourOwn(this.#database, 'write', () => this.#database.exec(text))
  }
}
