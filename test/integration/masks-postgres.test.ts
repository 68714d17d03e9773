import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defaultLimits, isShellError, type Catalog, type Policy, type Verdict } from '../../src/domain/index.ts'
import { createPostgresEngine, type EnginePool } from '../../src/platform/engines/index.ts'
import { createGuard } from '../../src/question/guard/index.ts'
import { approve, mark, never, readOn } from '../support/engine-statements.ts'
import { attributes, cleanTables, marker, maskKey, policy, policyWith, rule, tables, tablesSql, viewsSql } from '../support/mask-world.ts'
import { freshDatabase, type TestDatabase } from '../support/postgres-server.ts'

interface Line {
  readonly id: string
  readonly sql: string
  /** `same`: the rows of the clean world; `fails`: the server does not take it; else the code of a refusal. */
  readonly expect: string
}

const lines = readFileSync(join(import.meta.dirname, '../corpus/masks/postgres.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((text) => JSON.parse(text) as Line) // our own file

const guard = createGuard()
let secret: EnginePool
let clean: EnginePool
let catalog: Catalog

/** Tables in parts, which the plain world has not got. */
const families = (isClean: boolean): string => `
  CREATE TABLE event (id integer, region text, payload text) PARTITION BY LIST (region);
  CREATE TABLE event_eu PARTITION OF event FOR VALUES IN ('EU');
  CREATE TABLE event_us PARTITION OF event FOR VALUES IN ('US');
  CREATE TABLE person (id integer, nick text);
  CREATE TABLE contractor (fee integer) INHERITS (person);
  CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE moods (m mood); INSERT INTO moods VALUES ('ok');
  INSERT INTO event VALUES ${isClean ? "(1, 'EU', NULL)" : "(1, 'EU', 'secret-event'), (77772, 'US', 'hidden-event')"};
  INSERT INTO person VALUES (1, ${isClean ? 'NULL' : "'secret-nick'"});
  INSERT INTO contractor VALUES (2, ${isClean ? 'NULL' : "'secret-nick-2'"}, ${isClean ? 'NULL' : '77771'});
  CREATE MATERIALIZED VIEW mv_customer AS SELECT id, email FROM customer;
  CREATE MATERIALIZED VIEW mv_contact_city AS SELECT id, city FROM contact;`

const everything: Policy = policyWith({
  masks: [
    ...policy.masks,
    rule(['event'], ['payload'], { kind: 'null' }),
    rule(['person'], ['nick'], { kind: 'null' }),
    rule(['contractor'], ['fee'], { kind: 'null' }),
  ],
  filters: [...policy.filters, { roles: [], tables: ['event'], where: 'region = actor.region' }],
})

beforeAll(async () => {
  secret = await world(tablesSql(tables) + viewsSql + families(false))
  clean = await world(tablesSql(cleanTables(policy, (row) => row['region'] === 'EU')) + viewsSql + families(true))
  catalog = await secret.readCatalog({ disclosure: 'statistics' })
})
afterAll(async () => {
  await secret.close()
  await clean.close()
  await guard.close()
})

async function world(sql: string): Promise<EnginePool> {
  const database: TestDatabase = await freshDatabase()
  await database.query(sql)
  await database.query('ANALYZE')
  const engine = createPostgresEngine({ allowPrivateHosts: true, allowedHosts: [] })
  return engine.open({ engine: 'postgres', ...database.reader }, { maxLeases: 2, maxWaiting: 2, connectTimeoutMs: 10_000 })
}

interface Seen {
  readonly verdict: Verdict
  /** Lines of the result, sorted; null where there is none. */
  readonly rows: readonly string[] | null
  readonly failure: string | null
}

async function ask(sql: string, params: readonly (string | null)[] = [], given = everything): Promise<Seen & { readonly file: string }> {
  const context = {
    catalog,
    dialect: 'postgres' as const,
    policy: given,
    roles: ['reader'],
    connectionId: 'c',
    limits: defaultLimits,
  }
  const { verdict, approved } = await guard.guard({ sql, params }, { ...context, maskActor: { attributes, key: maskKey } })
  if (approved === null) return { verdict, rows: null, failure: null, file: '' }
  return { verdict, ...(await rowsOf(secret, approved)), file: await fileOf(approved) }
}

async function rowsOf(pool: EnginePool, approved: ReturnType<typeof approve>): Promise<Pick<Seen, 'rows' | 'failure'>> {
  const lease = await pool.lease({ signal: never() })
  try {
    const { rows } = await readOn(lease, approved)
    return { rows: rows.map((row) => JSON.stringify(row)).toSorted(), failure: null }
  } catch (error) {
    if (!isShellError(error)) throw error
    return { rows: null, failure: `${error.code} ${error.message} ${error.hint} ${String(error.cause)}` }
  } finally {
    await lease.release()
  }
}

/** What COPY would write, or says of it. */
async function fileOf(approved: ReturnType<typeof approve>): Promise<string> {
  const lease = await secret.lease({ signal: never() })
  try {
    const chunks = await lease.copy(approved, 'ndjson', { signal: never(), mark, batchRows: 100 })
    const parts: Uint8Array[] = []
    for await (const chunk of chunks ?? []) parts.push(chunk)
    return Buffer.concat(parts).toString()
  } catch (error) {
    return String(error)
  } finally {
    await lease.release()
  }
}

/** What came of a line, in the words of the corpus; of rows whether they are those of the clean world. */
async function outcomeOf(line: Line, seen: Seen): Promise<string> {
  if (seen.verdict.decision !== 'allow') return seen.verdict.reasons.map((reason) => reason.code).join(' ')
  if (seen.rows === null) return 'fails'
  const expected = await rowsOf(clean, approve(line.sql.replace(/;\s*$/, '')))
  return JSON.stringify(seen.rows) === JSON.stringify(expected.rows)
    ? 'same'
    : `${seen.rows.join('\n')}\ninstead of\n${expected.rows?.join('\n')}`
}

describe('ways to get at a masked value or a filtered row', () => {
  test.each(lines.map((line) => [line.id, line] as const))('%s', async (_id, line) => {
    const seen = await ask(line.sql)
    // A guess that the statement itself holds may come back; whether it was right may not be told: the rows are compared.
    const shown = marker.test(line.sql) ? '' : JSON.stringify(seen.rows) + seen.file
    expect(shown + String(seen.failure)).not.toMatch(marker)
    expect((await outcomeOf(line, seen)).split(' ')[0]).toBe(line.expect)
  })
})

describe('a filter', () => {
  const costly = policyWith({
    filters: [
      { roles: [], tables: ['customer'], where: "region = actor.region OR region = 'a' OR region = 'b' OR region = 'c' OR region = 'd'" },
    ],
  })

  test.each([
    ['a division', 'SELECT id FROM customer WHERE 1 / (id - 77773) < 1'],
    ['a cast', 'SELECT id FROM customer WHERE id::int2 > 0'],
    ['a cast of a text', "SELECT id FROM customer WHERE replace(name, 'name ', '')::int > 0"],
    ['a join', 'SELECT p.id FROM plain p JOIN customer c ON c.id::int2 = p.id'],
  ])('is a fence: %s that fails on a hidden row never meets it', async (_what, sql) => {
    expect((await ask(sql, [], costly)).failure).toBeNull()
  })
})
