import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readCatalog } from '../../bench/accuracy/load-databases.ts'
import { openPolicy, type Verdict } from '../../src/domain/index.ts'
import { createGuard } from '../../src/question/guard/index.ts'
import { numberShape } from '../../src/question/guard/number-shape.ts'
import { demoDatabase } from '../support/demo-database.ts'

const folder = join(import.meta.dirname, '../corpus/guard/postgres')
const statements = readdirSync(folder)
  .flatMap((file) => readFileSync(join(folder, file), 'utf8').trim().split('\n'))
  .map((line) => (JSON.parse(line) as { sql: string }).sql) // our own files
  .filter((sql) => numberShape(sql) !== null)

const anew = createGuard({ cachedVerdicts: 0 })
const remembering = createGuard()
afterAll(() => Promise.all([anew.close(), remembering.close()]))

test('statements of one shape have one verdict, whatever their numbers, and each is sealed as it was written', async () => {
  const catalog = await readCatalog(await demoDatabase())
  const context = {
    catalog,
    dialect: 'postgres' as const,
    policy: openPolicy,
    roles: ['reader'],
    connectionId: 'c',
    limits: openPolicy.defaults,
  }
  expect(statements.length).toBeGreaterThan(100)
  for (const sql of statements) {
    const first = await anew.guard({ sql, params: [] }, context)
    await remembering.guard({ sql, params: [] }, context)
    for (const number of ['0', '7', '999999999']) {
      const other = sql.replaceAll(/(?<![\w.])\d{1,9}(?![\w.])/g, number)
      const judged = await anew.guard({ sql: other, params: [] }, context)
      expect(withoutPlaces(judged.verdict)).toEqual(withoutPlaces(first.verdict))
      const remembered = await remembering.guard({ sql: other, params: [] }, context)
      expect(remembered.verdict).toEqual(judged.verdict)
      expect(remembered.approved?.sql).toBe(judged.approved?.sql)
    }
  }
})

/** A longer number moves what stands behind it. */
function withoutPlaces(verdict: Verdict): unknown {
  return { ...verdict, reasons: verdict.reasons.map(({ code }) => code) }
}
