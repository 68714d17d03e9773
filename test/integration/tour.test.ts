import { beforeAll, describe, expect, test } from 'vitest'
import { readCatalog } from '../../bench/accuracy/load-databases.ts'
import type { Catalog } from '../../src/domain/index.ts'
import { draftBuiltin } from '../../src/question/ask/index.ts'
import { demoDatabase, tour } from '../support/demo-database.ts'
import { judgeDraft } from '../support/judged-draft.ts'
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
    expect(await judgeDraft({ database, view, today }, question, gold, /order by .*(?!limit)/i.test(gold))).toMatchObject({ isRight: true })
  })

  test.each(tour.unanswerable)('abstains: %s', (question) => {
    expect(draftBuiltin(question, { view, today }).kind).toBe('abstained')
  })
})
