import { expect, test } from 'vitest'
import { newId, type Question } from '../../domain/index.ts'
import { question } from '../../../test/support/record-rig.ts'
import { catalogFrom, type BriefRelation } from '../../../test/support/catalog-from.ts'
import { createAsk, type AskContext } from './index.ts'

const ask = createAsk({ maxPromptTokens: 4_000, fallbackToBuiltin: false })

/** A warehouse of many branches, each with the same five tables, and one that is there once. */
function warehouse(branches: number): AskContext {
  const relations = Array.from({ length: branches }, (_, at): readonly BriefRelation[] => [
    { name: `branch_${at}.customer`, columns: ['customer_id:integer', 'name:text', 'town:text'], primaryKey: ['customer_id'] },
    { name: `branch_${at}.payment`, columns: ['payment_id:integer', 'customer_id:integer', 'amount:numeric'], primaryKey: ['payment_id'] },
    { name: `branch_${at}.invoice`, columns: ['invoice_id:integer', 'customer_id:integer', 'issued_on:date'], primaryKey: ['invoice_id'] },
    { name: `branch_${at}.stock_item`, columns: ['stock_item_id:integer', 'label:text', 'weight:numeric'], primaryKey: ['stock_item_id'] },
    { name: `branch_${at}.shelf`, columns: ['shelf_id:integer', 'stock_item_id:integer', 'amount:integer'], primaryKey: ['shelf_id'] },
  ]).flat()
  const own = {
    name: 'glacier',
    columns: ['glacier_id:integer', 'name:text', 'length_km:numeric', 'country:text'],
    primaryKey: ['glacier_id'],
  }
  return {
    view: catalogFrom('postgres', [...relations.slice(0, 9), own, ...relations.slice(9)]),
    disclosure: 'schema',
    today: '2026-11-24',
    models: null,
    signal: new AbortController().signal,
    repair: null,
  }
}

const said = (text: string): Question => ({ ...question(''), id: newId(), input: { kind: 'text', text } })

test('among thousands of tables the built-in drafter finds the one that is meant', async () => {
  const context = warehouse(1_000)
  expect(await ask(said('What is the average length km of glaciers by country?'), context)).toMatchObject({
    kind: 'drafted',
    sql: expect.stringMatching(/avg\((glacier\.)?length_km\)[^]*FROM glacier[^]*GROUP BY (glacier\.)?country/i) as unknown,
  })
  expect(await ask(said('How many glaciers are there?'), context)).toMatchObject({
    sql: expect.stringMatching(/count\(\*\)[^]*FROM glacier/i) as unknown,
  })
})

test('a question that fits hundreds of tables alike comes to an end', async () => {
  const draft = await ask(said('total amount of payments by customer name'), warehouse(1_000))
  expect(['drafted', 'clarify', 'abstained']).toContain(draft.kind)
})

test('others have their turn while a large catalog is made ready for its first question', async () => {
  let turns = 0
  const draft = Promise.resolve(ask(said('How many glaciers are there?'), warehouse(4_000))).then(() => 'drafted')
  while ((await Promise.race([draft, new Promise((resolve) => setImmediate(resolve))])) !== 'drafted') turns += 1
  expect(turns).toBeGreaterThan(3)
})
