import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Cell, ResultColumn } from '../../../contract/index.ts'
import { readRelations } from './catalog.ts'
import { cellText, resultColumn, type SqliteValue } from './column-kind.ts'
import { openDatabase, ourOwn, setLockTimeout, type FileAccess } from './open-database.ts'
import { layOver } from './overlays.ts'
import type { ReadRequest, SandboxAnswer, SandboxRequest } from './sandbox-messages.ts'
import { SandboxWriter } from './sandbox-writer.ts'

// The main file of the sandbox: a process of its own, without rights, that holds one SQLite file open.
// node:sqlite blocks while a statement runs; who wants it stopped ends the process.

/** A batch of wide rows is handed over before it has all its rows. */
const batchCharacters = 512 * 1024
const tooBig = 18 // SQLITE_TOOBIG

interface RunningRead {
  readonly rows: Iterator<readonly SqliteValue[]>
  readonly request: ReadRequest
}

class RowTooLarge extends Error {
  readonly errcode = tooBig
}

let running: RunningRead | null = null

function answerTo(database: DatabaseSync, writer: SandboxWriter | null, request: SandboxRequest): SandboxAnswer {
  const written = writer?.answerTo(request) ?? null
  if (written !== null) return written
  if (request.type === 'read') return startRead(database, request)
  if (request.type === 'next') return { type: 'batch', ...nextBatch() }
  if (request.type === 'catalog') return { type: 'catalog', relations: readRelations(database, request) }
  running?.rows.return?.()
  running = null
  return { type: 'stopped' }
}

function startRead(database: DatabaseSync, request: ReadRequest): SandboxAnswer {
  setLockTimeout(database, request.lockTimeoutMs)
  ourOwn(database, 'read', () => layOver(database, request.overlay))
  const statement = database.prepare(request.sql)
  statement.setReadBigInts(true)
  statement.setReturnArrays(true)
  // The two settings above make rows of arrays with big integers; the typings cannot know.
  const rows = statement.iterate(...request.params) as unknown as Iterator<readonly SqliteValue[]>
  running = { rows, request }
  const samples: SqliteValue[] = []
  const batch = nextBatch(samples)
  return { type: 'columns', columns: describe(statement, samples), ...batch }
}

function describe(statement: StatementSync, samples: readonly SqliteValue[]): ResultColumn[] {
  return statement.columns().map(({ name, type }, at) => resultColumn(name, type, samples[at]))
}

/** `samples` collects the first value of each column that is not NULL. */
function nextBatch(samples?: SqliteValue[]): { readonly rows: Cell[][]; readonly isLast: boolean } {
  const rows: Cell[][] = []
  if (running === null) return { rows, isLast: true }
  const { batchRows, maxRowBytes } = running.request
  let characters = 0
  while (rows.length < batchRows && characters < batchCharacters) {
    const step = running.rows.next()
    if (step.done === true) {
      running = null
      return { rows, isLast: true }
    }
    if (samples !== undefined) for (const [at, value] of step.value.entries()) samples[at] ??= value
    const size = step.value.reduce((sum: number, value) => sum + sizeOf(value), 0)
    if (size > maxRowBytes) throw new RowTooLarge('row too large') // before blobs are spelt out
    characters += size
    rows.push(step.value.map(cellText))
  }
  return { rows, isLast: false }
}

/** Characters of a value's text, roughly. */
function sizeOf(value: SqliteValue): number {
  if (typeof value === 'string') return value.length
  return value instanceof Uint8Array ? 2 * value.length : 8
}

function failureOf(error: unknown): SandboxAnswer {
  const { errcode, message } = error as { readonly errcode?: number; readonly message?: string } // node:sqlite adds SQLite's own code
  return { type: 'failed', state: errcode ?? 0, message: message ?? '' }
}

function send(answer: SandboxAnswer): void {
  process.send?.(answer)
}

function main(file: string, access: FileAccess): void {
  let database: DatabaseSync
  try {
    database = openDatabase(file, access)
    const [row] = database.prepare('SELECT sqlite_version() AS version, (SELECT count(*) FROM sqlite_schema) AS objects').all()
    send({ type: 'open', version: String(row?.['version']) })
  } catch (error) {
    send(failureOf(error))
    return
  }
  const writer = access === 'write' ? new SandboxWriter(database, file) : null
  process.on('message', (request: SandboxRequest) => {
    try {
      send(answerTo(database, writer, request))
    } catch (error) {
      running = null
      send(failureOf(error))
    }
  })
  process.on('disconnect', () => process.exit(0))
}

main(process.argv[2] ?? '', process.argv[3] === 'write' ? 'write' : 'read')
