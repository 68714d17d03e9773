import { beforeAll, describe, expect, test } from 'vitest'
import { areRowsAlike } from '../../bench/accuracy/compare-rows.ts'
import { readCatalog } from '../../bench/accuracy/load-databases.ts'
import type { Catalog } from '../../src/domain/index.ts'
import { draftBuiltin } from '../../src/question/ask/index.ts'
import { demoDatabase, tour } from '../support/demo-database.ts'
import type { TestDatabase } from '../support/postgres-server.ts'

let database: TestDatabase
let view: Catalog
const today = new Date().toISOString().slice(0, 10)

beforeAll(async () => {
  database = await demoDatabase()
  view = await readCatalog(database)
})

describe('the built-in drafter walks the tour of Harbor Goods', () => {
  test.each(tour.answerable)('right: $question', async ({ question, gold }) => {
    const draft = draftBuiltin(question, { view, today })
    if (draft.kind !== 'drafted') throw new Error(`${draft.kind}: ${draft.kind === 'abstained' ? draft.reason : draft.prompt}`)
    const rowsOf = async (sql: string): Promise<unknown[][]> => (await database.query(sql)).rows.map((row: object) => Object.values(row))
    expect({
      sql: draft.sql,
      isRight: areRowsAlike(await rowsOf(gold), await rowsOf(draft.sql), /order by .*(?!limit)/i.test(gold)),
    }).toEqual({ sql: draft.sql, isRight: true })
  })

  test.each(tour.unanswerable)('abstains: %s', (question) => {
    expect(draftBuiltin(question, { view, today }).kind).toBe('abstained')
  })
})
