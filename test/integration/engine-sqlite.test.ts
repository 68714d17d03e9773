import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSqliteEngine, type EnginePool } from '../../src/platform/engines/index.ts'
import { approve, failureOf, mark, never, read } from '../support/engine-statements.ts'

const options = { maxLeases: 2, maxWaiting: 2, connectTimeoutMs: 10_000 }
let root: string
let directory: string
let pool: EnginePool

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'aishell-sqlite-'))
  directory = join(root, 'open')
  mkdirSync(directory)
  const database = new DatabaseSync(join(directory, 'a.db'))
  database.exec(`
    CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE, born DATE, wage REAL, photo BLOB, extra JSON, secret TEXT);
    INSERT INTO person VALUES (1, 'Ada', '1815-12-10', 1.5, x'00ff', '{"a":1}', 'pin-1'), (2, NULL, NULL, 2, NULL, NULL, 'pin-2');
    CREATE TABLE pair (a TEXT, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
    CREATE TABLE child (pa TEXT, pb TEXT, twice INTEGER GENERATED ALWAYS AS (2) VIRTUAL, FOREIGN KEY (pa, pb) REFERENCES pair);
    CREATE UNIQUE INDEX person_born ON person (born, name); CREATE UNIQUE INDEX person_lower ON person (lower(name));
    CREATE TABLE note (body TEXT);
    CREATE VIEW broken AS SELECT * FROM gone;
    CREATE VIRTUAL TABLE page USING fts5 (title, body);
    INSERT INTO page VALUES ('one', 'a word'), ('two', 'none');`)
  database.close()
  pool = createSqliteEngine({ allowedDirectories: [directory] }).open({ engine: 'sqlite', file: join(directory, 'a.db') }, options)
})
afterAll(async () => {
  await pool.close()
  rmSync(root, { recursive: true, force: true })
})

describe('values of SQLite', () => {
  test.each([
    ['the highest integer', '9223372036854775807', '9223372036854775807', 'number'],
    ['a real that is whole', '1.0', '1.0', 'number'],
    ['a real with all its digits', '0.1 + 0.2', '0.30000000000000004', 'number'],
    ['a large real', '1e300', '1e+300', 'number'],
    ['minus zero', '-0.0', '-0.0', 'number'],
    ['infinity', '9e999', 'Infinity', 'number'],
    ['a blob', "x'00ff10'", String.raw`\x00ff10`, 'binary'],
    ['an empty text', "''", '', 'text'],
    ['NULL', 'NULL', null, 'other'],
    ['unicode', "'naïve ✓ 🜁'", 'naïve ✓ 🜁', 'text'],
    ['a truth', '1 = 1', '1', 'number'],
  ])('%s keeps its exact text', async (_case, expression, text, kind) => {
    const { columns, rows } = await read(pool, approve(`SELECT ${expression} AS v`))
    expect(rows).toEqual([[text]])
    expect(columns[0]?.kind).toBe(kind)
  })

  test('a full-text table is read and searched', async () => {
    const { rows } = await read(pool, approve("SELECT title FROM page WHERE page MATCH 'word'"))
    expect(rows).toEqual([['one']])
  })

  test('kinds come from the declared types', async () => {
    const { columns } = await read(pool, approve('SELECT * FROM person'))
    expect(columns.map((column) => column.kind)).toEqual(['number', 'text', 'time', 'number', 'binary', 'json', 'text'])
  })
})

describe('the sandbox', () => {
  test.each([
    ['another file', "ATTACH DATABASE '/tmp/other.db' AS other"],
    ['a copy of the file', "VACUUM INTO '/tmp/copy.db'"],
    ['an extension', "SELECT load_extension('/tmp/evil.so')"],
    ['a tokenizer’s address', "SELECT hex(fts3_tokenizer('simple'))"],
    ['a pragma that sets', 'PRAGMA query_only = 0'],
    ['the writable schema', 'PRAGMA writable_schema = 1'],
    ['a pragma function that sets', "SELECT * FROM pragma_journal_mode('delete')"],
    ['a temporary table', 'CREATE TEMP TABLE t (a)'],
    ['a transaction', 'BEGIN IMMEDIATE'],
    ['a transaction that stays open', 'BEGIN'],
    ['a savepoint', 'SAVEPOINT s'],
    ['another file’s end', 'DETACH DATABASE main'],
    ['the shell’s file functions', "SELECT writefile('/tmp/x', 'y')"],
    ['a table made by a select', 'CREATE TABLE copy AS SELECT * FROM person'],
    ['a write into a virtual table', "INSERT INTO page(page) VALUES ('rebuild')"],
  ])('does not give %s', async (_case, sql) => {
    const failure = await failureOf(read(pool, approve(sql)))
    expect(['engines.read-only', 'engines.statement-rejected']).toContain(failure.code)
    expect(existsSync('/tmp/copy.db') || existsSync('/tmp/other.db')).toBe(false)
  })

  test('runs only the first of two statements', async () => {
    expect((await read(pool, approve('SELECT 1 AS a; SELECT 2 AS a'))).rows).toEqual([['1']])
  })

  test('tells of too little temporary space and goes on', async () => {
    const small = createSqliteEngine({ allowedDirectories: [directory], maxTempBytes: 1024 * 1024 })
    const tight = small.open({ engine: 'sqlite', file: join(directory, 'a.db') }, options)
    const sorted = `WITH RECURSIVE t(n, v) AS (SELECT 1, zeroblob(1000000) UNION ALL SELECT n + 1, zeroblob(1000000 + n) FROM t WHERE n < 400)
      SELECT count(*) FROM (SELECT v FROM t ORDER BY v, n LIMIT 100000000 OFFSET 1)`
    expect((await failureOf(read(tight, approve(sorted)))).code).toBe('run.temp-limit')
    expect((await read(tight, approve('SELECT 1 AS a'))).rows).toEqual([['1']])
    await tight.close()
  })

  test('ends, and not this process, when a statement takes too much memory', async () => {
    const greedy = `WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 60)
      SELECT json_group_array(hex(zeroblob(1000000))) OVER (ORDER BY n) FROM t`
    const failure = await failureOf(read(pool, approve(greedy, [], { maxBytes: 1024 ** 3 })))
    expect(['engines.lost', 'run.memory-limit', 'run.row-too-large']).toContain(failure.code)
    expect((await read(pool, approve('SELECT 1 AS a'))).rows).toEqual([['1']])
  })

  test('without a shell, a sandbox that takes too much memory is ended from here, and the next one reads', async () => {
    const shellless = createSqliteEngine({ allowedDirectories: [directory], hasShell: false, maxMemoryBytes: 300 * 1024 * 1024 })
    const alone = shellless.open({ engine: 'sqlite', file: join(directory, 'a.db') }, options)
    const greedy = `SELECT ${Array.from({ length: 40 }, (_, at) => `hex(zeroblob(25000000 + ${at}))`).join(', ')}`
    expect((await failureOf(read(alone, approve(greedy, [], { maxBytes: 1024 ** 3 })))).code).toBe('engines.lost')
    expect((await read(alone, approve('SELECT 1 AS a'))).rows).toEqual([['1']])
    await alone.close()
  })

  test('a value too large to hold is not waited for', async () => {
    const failure = await failureOf(read(pool, approve('SELECT zeroblob(50000000)', [], { maxBytes: 1_000_000 })))
    expect(failure.code).toBe('run.row-too-large')
  })

  test.skipIf(process.platform !== 'linux')(
    'is ended with its statement (seen in /proc, so on Linux only), and the next one starts afresh',
    async () => {
      const endless = 'WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t'
      const one = createSqliteEngine({ allowedDirectories: [directory] }).open(
        { engine: 'sqlite', file: join(directory, 'a.db') },
        { ...options, maxLeases: 1 },
      )
      await read(one, approve('SELECT 1'))
      const before = sandboxes()
      const controller = new AbortController()
      const failed = failureOf(read(one, approve(endless), controller.signal))
      setTimeout(() => controller.abort(), 50)
      expect((await failed).code).toBe('run.cancelled')
      expect((await read(one, approve('SELECT 1 AS a'))).rows).toEqual([['1']])
      const after = sandboxes()
      expect(after.filter((pid) => before.includes(pid)).length).toBeLessThan(before.length)
      await one.close()
      await sleep(50)
      expect(sandboxes().filter((pid) => after.includes(pid)).length).toBeLessThan(after.length)
    },
  )

  test('does not tell a value in an error', async () => {
    const failure = await failureOf(read(pool, approve("SELECT json_extract('{}', secret) FROM person")))
    expect(failure.code).toBe('engines.statement-rejected')
    expect(failure.message).not.toContain('pin-')
  })
})

describe('the file', () => {
  const opening = async (file: string): Promise<string> => {
    const made = createSqliteEngine({ allowedDirectories: [directory] }).open({ engine: 'sqlite', file }, options)
    const failure = await failureOf(made.lease({ signal: never() }).then((lease) => lease.release()))
    await made.close()
    return failure.code
  }

  test('outside the allowed directories is refused, whether it exists or not', async () => {
    writeFileSync(join(root, 'outside.db'), '')
    for (const file of [
      join(root, 'outside.db'),
      join(root, 'nothing.db'),
      '/etc/passwd',
      join(directory, '..', 'outside.db'),
      ':memory:',
    ]) {
      expect(await opening(file)).toBe('engines.file-refused')
    }
  })

  test('reached over a symbolic link that leads outside is refused', async () => {
    symlinkSync(join(root, 'outside.db'), join(directory, 'link.db'))
    expect(await opening(join(directory, 'link.db'))).toBe('engines.file-refused')
  })

  test('that is not there is told as such and not created', async () => {
    expect(await opening(join(directory, 'new.db'))).toBe('engines.file-missing')
    expect(readdirSync(directory)).not.toContain('new.db')
  })

  test('that is a directory or no database is told as such', async () => {
    mkdirSync(join(directory, 'folder'))
    writeFileSync(join(directory, 'text.db'), 'this is not a database, it only says so '.repeat(40))
    expect(await opening(join(directory, 'folder'))).toBe('engines.file-missing')
    expect(await opening(join(directory, 'text.db'))).toBe('engines.not-a-database')
  })

  test('that others write to meanwhile stays readable', async () => {
    const file = join(directory, 'busy.db')
    const writer = new DatabaseSync(file)
    writer.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)')
    const reading = createSqliteEngine({ allowedDirectories: [directory] }).open({ engine: 'sqlite', file }, options)
    writer.exec('BEGIN; INSERT INTO t VALUES (2)')
    expect((await read(reading, approve('SELECT count(*) AS n FROM t'))).rows).toEqual([['1']])
    writer.exec('COMMIT')
    expect((await read(reading, approve('SELECT count(*) AS n FROM t'))).rows).toEqual([['2']])
    await reading.close()
    writer.close()
  })

  test('that may only be read is enough', async () => {
    chmodSync(join(directory, 'a.db'), 0o444)
    expect((await read(pool, approve('SELECT count(*) AS n FROM person'))).rows).toEqual([['2']])
  })
})

test('the catalog tells keys, generated columns and virtual tables, and leaves out what is broken or hidden', async () => {
  const catalog = await pool.readCatalog({ disclosure: 'statistics' })
  expect(catalog).toMatchObject({ dialect: 'sqlite', database: 'a.db', searchPath: ['main'], functions: [], operators: [], types: [] })
  expect(catalog.relations.map((relation) => relation.name)).toEqual(['child', 'note', 'page', 'pair', 'person'])
  const of = (name: string) => catalog.relations.find((relation) => relation.name === name)
  expect(of('pair')).toMatchObject({ primaryKey: ['a', 'b'], estimatedRows: 0 })
  expect(of('child')?.foreignKeys).toMatchObject([{ columns: ['pa', 'pb'], target: { name: 'pair', columns: ['a', 'b'] } }])
  expect(of('child')?.columns.map((column) => column.name)).toEqual(['pa', 'pb', 'twice'])
  expect(of('person')).toMatchObject({ uniqueKeys: [['born', 'name']], estimatedRows: 2 })
  const statistics = Object.fromEntries(of('person')?.columns.map((column) => [column.name, column.statistics]) ?? [])
  expect(statistics['name']).toMatchObject({ values: ['Ada'], isComplete: true, distinct: 1, nullShare: 0.5 })
  expect(statistics['id']).toMatchObject({ min: '1', max: '2', values: [] })
  expect(statistics['photo']).toBeNull()
  expect(statistics['extra']).toBeNull()
})

test('there is no bulk path, so rows are written by whoever reads them', async () => {
  const lease = await pool.lease({ signal: never() })
  expect(await lease.copy(approve('SELECT 1'), 'csv', { signal: never(), mark, batchRows: 10 })).toBeNull()
  await lease.release()
})

/** Process ids of running sandboxes over this file's directory. */
function sandboxes(): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return [directory, 'sandbox.ts'].every((part) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(part))
    } catch {
      return false // it ended while we looked
    }
  })
}
