import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import { isShellError } from '../../src/domain/index.ts'
import { createPostgresEngine, createSqliteEngine, type EnginePool } from '../../src/platform/engines/index.ts'
import { demoDatabase } from '../support/demo-database.ts'
import { approve, read } from '../support/engine-statements.ts'

interface Line {
  readonly sql: string
  readonly class: string
  readonly decision: string
}

const options = { maxLeases: 2, maxWaiting: 5, connectTimeoutMs: 30_000 }
const folder = mkdtempSync(join(tmpdir(), 'aishell-off-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What the guard refuses because of what it does: writes, structure, server and session. */
function refused(dialect: string): string[] {
  const corpus = join(import.meta.dirname, '../corpus/guard', dialect)
  const lines = readdirSync(corpus).flatMap((file) => readFileSync(join(corpus, file), 'utf8').trim().split('\n'))
  return lines
    .map((line) => JSON.parse(line) as Line) // our own files
    .filter((line) => line.decision === 'refuse' && ['write', 'ddl', 'admin'].includes(line.class))
    .map((line) => line.sql)
}

/** Runs each as the reader, past the guard; gives those that nothing stopped. */
async function unstopped(pool: EnginePool, statements: readonly string[]): Promise<string[]> {
  const ran: string[] = []
  for (const sql of statements) {
    try {
      await read(pool, approve(sql, [], { statementTimeoutMs: 2_000 }))
      ran.push(sql)
    } catch (error) {
      if (!isShellError(error)) throw error
    }
  }
  return ran
}

/** What SECURITY.md says runs although nothing should: the words between the marks. */
function admitted(dialect: string): string[] {
  const page = readFileSync(join(import.meta.dirname, '../../SECURITY.md'), 'utf8')
  const [, section = ''] = new RegExp(`<!-- unstopped ${dialect} -->([^]*?)<!-- end -->`).exec(page) ?? []
  return [...section.matchAll(/^- `(.*)`$/gm)].map(([, sql = '']) => sql).toSorted()
}

const oneLine = (sql: string): string => sql.replaceAll(/\s+/g, ' ')

describe('with the guard off, the layers below', () => {
  test('PostgreSQL: nothing that is refused changes the database, and what runs at all is listed in SECURITY.md', async () => {
    const database = await demoDatabase()
    const pool = createPostgresEngine({ allowPrivateHosts: true, allowedHosts: [] }).open(
      { engine: 'postgres', ...database.reader },
      options,
    )
    const look = async (): Promise<unknown> =>
      (
        await database.query(
          `SELECT (SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables) AS rows, (SELECT count(*) FROM pg_class) AS relations,
             (SELECT count(*) FROM pg_proc) AS functions, (SELECT count(*) FROM pg_roles) AS roles, (SELECT count(*) FROM pg_description) AS comments`,
        )
      ).rows
    const before = await look()
    const ran = await unstopped(pool, refused('postgres'))
    await pool.close()
    expect(await look()).toEqual(before)
    expect([...new Set(ran.map(oneLine))].toSorted()).toEqual(admitted('postgres'))
  })

  test('SQLite: nothing that is refused changes the file or makes another one, and what runs at all is listed in SECURITY.md', async () => {
    const file = join(folder, 'shop.sqlite')
    const database = new DatabaseSync(file)
    database.exec(`CREATE TABLE customer (customer_id INTEGER PRIMARY KEY, name TEXT, email TEXT); CREATE TABLE carrier (carrier_id INTEGER PRIMARY KEY, name TEXT);
      INSERT INTO customer VALUES (1, 'a', 'b'); INSERT INTO carrier VALUES (1, 'a')`)
    database.close()
    const look = (): unknown => [createHash('sha256').update(readFileSync(file)).digest('hex'), readdirSync(folder)]
    const before = look()
    const pool = createSqliteEngine({ allowedDirectories: [folder] }).open({ engine: 'sqlite', file }, options)
    const ran = await unstopped(pool, refused('sqlite'))
    await pool.close()
    expect(look()).toEqual(before)
    expect([...new Set(ran.map(oneLine))].toSorted()).toEqual(admitted('sqlite'))
  })
})
