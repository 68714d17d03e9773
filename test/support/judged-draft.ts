import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { areRowsAlike } from '../../bench/accuracy/compare-rows.ts'
import type { Catalog } from '../../src/domain/index.ts'
import { draftBuiltin } from '../../src/question/ask/index.ts'
import { readCatalog } from '../../bench/accuracy/load-databases.ts'
import { execute, freshDatabase, type TestDatabase } from './postgres-server.ts'

export interface Asking {
  readonly database: TestDatabase
  readonly view: Catalog
  readonly today: string
}

/** A database made of a script beside this file, as its reader sees it. */
export async function openAsking(script: string, today: string): Promise<Asking> {
  const database = await freshDatabase()
  await execute(database, readFileSync(join(import.meta.dirname, script), 'utf8'))
  return { database, view: await readCatalog(database), today }
}

/** Drafts a question and runs it beside the statement that is known to be right; throws with the reason where it abstains. */
export async function judgeDraft(
  { database, view, today }: Asking,
  question: string,
  gold: string,
  isOrdered: boolean,
): Promise<{ readonly sql: string; readonly isRight: boolean }> {
  const draft = draftBuiltin(question, { view, today })
  if (draft.kind !== 'drafted') throw new Error(`${draft.kind}: ${draft.kind === 'abstained' ? draft.reason : draft.prompt}`)
  const rowsOf = async (sql: string): Promise<unknown[][]> => (await database.query(sql)).rows.map((row: object) => Object.values(row))
  return { sql: draft.sql, isRight: areRowsAlike(await rowsOf(gold), await rowsOf(draft.sql), isOrdered) }
}
