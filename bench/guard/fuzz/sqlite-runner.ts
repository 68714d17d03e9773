import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** Runs statements on a file it may write, and says what is no longer as it was: bytes, files, settings of the connection. */
const [, , file = ''] = process.argv
const pristine = readFileSync(file)
let database = open()
const before = look()

function open(): DatabaseSync {
  return new DatabaseSync(file, { allowExtension: true, enableDoubleQuotedStringLiterals: true })
}

function look(): string {
  const settings = [
    'user_version',
    'query_only',
    'journal_mode',
    'foreign_keys',
    'cache_size',
    'temp_store',
    'writable_schema',
    'recursive_triggers',
  ]
  return JSON.stringify({
    bytes: createHash('sha256').update(readFileSync(file)).digest('hex'),
    files: readdirSync('.').toSorted(),
    settings: settings.map((name) => database.prepare(`PRAGMA ${name}`).get()),
    databases: database
      .prepare('PRAGMA database_list')
      .all()
      .filter((row) => row['name'] !== 'temp').length,
    temp: database.prepare('SELECT count(*) AS n FROM temp.sqlite_master').get(),
    isInTransaction: database.isTransaction,
  })
}

process.on('message', (sql: string) => {
  let error: string | null = null
  try {
    let rows = 0
    for (const _ of database.prepare(sql).iterate()) if (++rows >= 200) break
  } catch (cause) {
    error = cause instanceof Error ? cause.message : String(cause)
  }
  let change: string | null = null
  try {
    const after = look()
    if (after !== before) change = `${before} → ${after}`
  } catch (cause) {
    change = String(cause)
  }
  process.send?.({ error, change })
  if (change !== null) process.exit(pristine.length === 0 ? 0 : 1)
})
