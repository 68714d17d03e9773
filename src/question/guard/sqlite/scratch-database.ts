import { constants, DatabaseSync } from 'node:sqlite'
import { overlayFunctions, planOverlay } from '../../../domain/index.ts'
import { messageOf } from '../thread/message-of.ts'
import { optionalFunctions } from './functions.ts'
import type { Testimony, WitnessAction, WitnessOverlay, WitnessTable } from './witness-messages.ts'

/** What all databases of this thread may take together; SQLite refuses to compile what needs more. */
const mostHeapBytes = 256 * 1024 * 1024

/** An empty database of the given shape, in memory, with the limits the engine runs statements under. */
export function openScratch(tables: Iterable<WitnessTable>): DatabaseSync {
  const database = new DatabaseSync(':memory:', {
    allowExtension: false,
    enableDoubleQuotedStringLiterals: true,
    limits: { attach: 0, exprDepth: 500, compoundSelect: 100, variableNumber: 1_000, triggerDepth: 1, vdbeOp: 1_000_000 },
  })
  database.exec(`PRAGMA hard_heap_limit = ${mostHeapBytes}`)
  for (const name of optionalFunctions) database.function(name, { deterministic: true, varargs: true }, () => null)
  database.exec('BEGIN')
  for (const table of tables) {
    if (table.viewText === null) database.exec(tableText(table))
    else makeView(database, table.viewText, quote(table.name))
  }
  database.exec('COMMIT')
  return database
}

/** Compiles one statement and notes what SQLite asks its authorizer; nothing is ever run. */
export function compile(database: DatabaseSync, sql: string): Omit<Testimony, 'guessed'> {
  const actions = new Map<string, WitnessAction>()
  database.setAuthorizer((...action) => {
    const key = action.join('\u0000')
    if (!actions.has(key)) actions.set(key, action)
    // Some pragmas act while they are compiled; nothing here may act.
    return action[0] === constants.SQLITE_PRAGMA || action[0] === constants.SQLITE_ATTACH ? constants.SQLITE_DENY : constants.SQLITE_OK
  })
  try {
    database.prepare(sql)
    return { actions: [...actions.values()], error: null }
  } catch (error) {
    return { actions: [...actions.values()], error: messageOf(error) }
  } finally {
    database.setAuthorizer(null)
  }
}

/** The same under an overlay, which is taken off again whatever comes. */
export function compileUnder(database: DatabaseSync, sql: string, overlay: WitnessOverlay): Omit<Testimony, 'guessed'> {
  const plan = planOverlay(overlay, overlay.nonce)
  for (const name of Object.values(overlayFunctions)) database.function(name, { deterministic: true, varargs: true }, () => null)
  try {
    for (const text of plan.create) database.exec(text)
    return compile(database, sql)
  } finally {
    for (const text of plan.drop) database.exec(text)
  }
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function tableText({ name, columns, keys }: WitnessTable): string {
  const unique = keys.map((key) => `UNIQUE (${key.map(quote).join(', ')})`)
  return `CREATE TABLE ${quote(name)} (${[...columns.map(quote), ...unique].join(', ')})`
}

/** From the text of a view, whole or from its SELECT on. One SQLite cannot read is left out: nothing can be said of it. */
function makeView(database: DatabaseSync, text: string, quotedName: string): void {
  try {
    // `prepare` stops behind the first statement, whatever else the text holds.
    database.prepare(/^\s*CREATE\b/i.test(text) ? text : `CREATE VIEW ${quotedName} AS ${text}`).run()
  } catch {
    return
  }
}
