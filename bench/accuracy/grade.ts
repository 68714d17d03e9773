import { Client } from 'pg'
import { draftBuiltin } from '../../src/question/ask/index.ts'
import { areRowsAlike } from './compare-rows.ts'
import type { LoadedDatabase } from './load-databases.ts'

export interface Asked {
  readonly db: string
  readonly question: string
  /** SQL whose rows are right; any one of several; empty: the question has no answer here. */
  readonly gold: readonly string[]
  readonly isOrdered: boolean
}

export type Result = 'right' | 'wrong' | 'abstained' | 'clarified'

export interface Grade {
  readonly result: Result
  /** Time the draft took, in ms. */
  readonly draftMs: number
  /** The draft, or why there is none, for whoever reads the errors. */
  readonly said: string
}

/** Drafts one question and runs draft and gold: right where their rows are alike. */
export async function grade(asked: Asked, loaded: LoadedDatabase, today: string): Promise<Grade> {
  const start = performance.now()
  const draft = draftBuiltin(asked.question, { view: loaded.catalog, today })
  const draftMs = performance.now() - start
  if (draft.kind === 'abstained') return { result: 'abstained', draftMs, said: draft.reason }
  if (draft.kind === 'clarify') return { result: 'clarified', draftMs, said: `${draft.prompt} ${draft.choices.join(' | ')}` }
  const said = draft.sql.replaceAll('\n', ' ')
  try {
    return { result: (await isRight(asked, draft.sql, loaded)) ? 'right' : 'wrong', draftMs, said }
  } catch (error) {
    return { result: 'wrong', draftMs, said: `${said}\n   ${(error as Error).message}` }
  }
}

async function isRight(asked: Asked, sql: string, { database }: LoadedDatabase): Promise<boolean> {
  const { host, port, user } = database
  const client = new Client({ host, port, user, database: database.database, password: database.password.reveal() })
  await client.connect()
  try {
    const run = async (text: string) => (await client.query<unknown[]>({ text, rowMode: 'array' })).rows
    const drafted = await run(sql)
    for (const gold of asked.gold) if (areRowsAlike(await run(gold), drafted, asked.isOrdered)) return true
    return false
  } finally {
    await client.end()
  }
}
