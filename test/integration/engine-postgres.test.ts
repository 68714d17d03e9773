import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../src/domain/index.ts'
import { createPostgresEngine, type EnginePool, type EngineTarget, type PoolOptions } from '../../src/platform/engines/index.ts'
import { approve, failureOf, mark, never, read, readOn } from '../support/engine-statements.ts'
import { startLyingServer } from '../support/lying-server.ts'
import { freshDatabase, type TestDatabase } from '../support/postgres-server.ts'
import { startTlsFront } from '../support/tls-front.ts'

const engine = createPostgresEngine({ allowPrivateHosts: true, allowedHosts: [] })
const options: PoolOptions = { maxLeases: 2, maxWaiting: 2, connectTimeoutMs: 10_000 }

let database: TestDatabase
let pool: EnginePool
const opened: EnginePool[] = []

/** A pool of one session, so that the next statement meets what the last one left. */
function single(user: 'reader' | 'owner' = 'reader'): EnginePool {
  const target: EngineTarget = { engine: 'postgres', ...(user === 'reader' ? database.reader : database) }
  const made = engine.open(target, { ...options, maxLeases: 1 })
  opened.push(made)
  return made
}

beforeAll(async () => {
  database = await freshDatabase()
  await database.query(`
    CREATE TABLE account (id bigint PRIMARY KEY, owner text, secret text);
    INSERT INTO account SELECT n, 'owner ' || n % 7, 'pin-' || n FROM generate_series(1, 3000) AS t(n);`)
  pool = engine.open({ engine: 'postgres', ...database.reader }, options)
})
afterAll(async () => {
  await Promise.all([pool, ...opened].map((one) => one.close()))
})

async function until(condition: () => Promise<boolean>, patienceMs = 1_000): Promise<boolean> {
  const deadline = performance.now() + patienceMs
  while (performance.now() < deadline) {
    if (await condition()) return true
    await sleep(20)
  }
  return false
}

describe('values', () => {
  test.each([
    ['int8', '9223372036854775807::int8', '9223372036854775807'],
    ['numeric', '1e-30::numeric', '0.000000000000000000000000000001'],
    ['numeric with many digits', '12345678901234567890.123456789::numeric', '12345678901234567890.123456789'],
    ['NaN', "'NaN'::numeric", 'NaN'],
    ['infinity', "'-Infinity'::float8", '-Infinity'],
    ['float8', '0.1::float8 + 0.2::float8', '0.30000000000000004'],
    ['boolean', 'true', 'true'],
    ['boolean false', 'false', 'false'],
    ['timestamp', "timestamp '2024-02-29 23:59:59.123456'", '2024-02-29 23:59:59.123456'],
    ['timestamptz', "timestamptz '2024-02-29 23:59:59+02'", '2024-02-29 21:59:59+00'],
    ['timestamp infinity', "'infinity'::timestamptz", 'infinity'],
    ['date', "date '0044-03-15 BC'", '0044-03-15 BC'],
    ['interval', "interval '1 year 2 days 03:04:05.6'", '1 year 2 days 03:04:05.6'],
    ['json', `'{"b": 1,  "a": 12345678901234567890}'::json`, '{"b": 1,  "a": 12345678901234567890}'],
    ['jsonb', `'{"b":1,"a":[true,null]}'::jsonb`, '{"a": [true, null], "b": 1}'],
    ['bytea', String.raw`'\x00ff10'::bytea`, String.raw`\x00ff10`],
    ['array', `ARRAY['a,b', NULL, 'c"d']`, String.raw`{"a,b",NULL,"c\"d"}`],
    ['row', "ROW(1, NULL, 'x y')", '(1,,"x y")'],
    ['null', 'NULL::int', null],
    ['empty string', "''", ''],
    ['unicode', "'naïve ✓ 日本 🜁'", 'naïve ✓ 日本 🜁'],
    ['uuid', "'00000000-0000-0000-0000-00000000000f'::uuid", '00000000-0000-0000-0000-00000000000f'],
  ])('%s keeps its exact text', async (_type, expression, text) => {
    expect((await read(pool, approve(`SELECT ${expression} AS v`))).rows).toEqual([[text]])
  })

  test('a row without columns is a row', async () => {
    const result = await read(pool, approve('SELECT FROM generate_series(1, 3)'))
    expect(result.columns).toEqual([])
    expect(result.rows).toEqual([[], [], []])
  })
})

describe('what a statement does to its session', () => {
  test.each([
    ['set_config for the session', "SELECT set_config('work_mem', '77MB', false)", "SELECT current_setting('work_mem')", '77MB'],
    ['a time limit of none', "SELECT set_config('statement_timeout', '0', false)", "SELECT current_setting('statement_timeout')", '0'],
    ['another search path', "SELECT set_config('search_path', 'pg_catalog', false)", "SELECT current_setting('search_path')", 'pg_catalog'],
  ])('%s is gone for the next one', async (_case, leak, look, leaked) => {
    const one = single()
    expect((await read(one, approve(leak))).rows).toEqual([[leaked]])
    expect((await read(one, approve(look))).rows).not.toEqual([[leaked]])
  })

  test('the settings of a role or database do not change how values and strings are read', async () => {
    await database.query(`ALTER ROLE "${database.reader.user}" SET standard_conforming_strings = off`)
    await database.query(`ALTER ROLE "${database.reader.user}" SET DateStyle = 'German'`)
    const result = await read(single(), approve(String.raw`SELECT 'a\' AS text, date '2024-02-01' AS day`))
    expect(result.rows).toEqual([['a\\', '2024-02-01']])
    await database.query(`ALTER ROLE "${database.reader.user}" RESET ALL`)
  })

  test.each([
    ["SELECT set_config('transaction_read_only', 'off', true)"],
    ["SELECT set_config('default_transaction_read_only', 'off', false), lo_create(0)"],
    ['SET TRANSACTION READ WRITE'],
    ["SELECT nextval('counter')"],
    ['WITH gone AS (DELETE FROM account RETURNING id) SELECT count(*) FROM gone'],
  ])('stays read-only for an owner who says %s', async (sql) => {
    await database.query('CREATE SEQUENCE IF NOT EXISTS counter')
    const one = single('owner')
    expect((await failureOf(read(one, approve(sql)))).code).toMatch(/^engines\./)
    expect((await read(one, approve('SELECT count(*) FROM account'))).rows).toEqual([['3000']])
  })

  test('a second statement behind the first is not run', async () => {
    const failure = await failureOf(read(single('owner'), approve('SELECT 1; DROP TABLE account')))
    expect(failure.code).toBe('engines.statement-rejected')
    const lease = await pool.lease({ signal: never() })
    const copied = lease.copy(approve('SELECT 1; DROP TABLE account'), 'csv', { signal: never(), mark, batchRows: 10 })
    expect((await failureOf(copied)).code).toBe('engines.statement-rejected')
    expect((await readOn(lease, approve('SELECT 1 AS a'))).rows).toEqual([['1']])
    await lease.release()
  })

  test('a session that the server has ended is not lent again', async () => {
    const one = single()
    const [[pid]] = (await read(one, approve('SELECT pg_backend_pid()'))).rows as [[string]]
    await database.query(`SELECT pg_terminate_backend(${pid})`)
    await until(async () => (await database.query(`SELECT FROM pg_stat_activity WHERE pid = ${pid}`)).rows.length === 0)
    await sleep(50)
    expect((await read(one, approve('SELECT 1 AS a'))).rows).toEqual([['1']])
  })
})

describe('errors', () => {
  test.each([
    ['a cast of a column', 'SELECT secret::int FROM account'],
    ['a date out of a column', 'SELECT secret::date FROM account'],
    ['a regular expression out of a column', "SELECT 'x' ~ (secret || '(') FROM account"],
    ['a JSON out of a column', 'SELECT secret::json FROM account'],
    ['an enum-like input', 'SELECT (secret)::inet FROM account'],
  ])('%s does not tell the value', async (_case, sql) => {
    const failure = await failureOf(read(pool, approve(sql)))
    expect(failure.code).toBe('engines.statement-rejected')
    expect(JSON.stringify(failure)).not.toContain('pin-')
    const error = await read(pool, approve(sql)).catch((reason: unknown) => reason)
    expect(String((error as Error).cause)).not.toContain('pin-')
  })

  test('the place told is the asker’s own', async () => {
    const failure = await failureOf(read(pool, approve('SELECT nope FROM account')))
    expect(failure.message).toContain('at character 8')
  })

  test('a missing right is told as one', async () => {
    await database.query('CREATE TABLE closed (a int); REVOKE ALL ON closed FROM PUBLIC')
    await database.query(`REVOKE ALL ON closed FROM "${database.reader.user}"`)
    expect((await failureOf(read(pool, approve('SELECT * FROM closed')))).code).toBe('engines.permission-denied')
  })

  test.each([
    ['a wrong password', { password: new Secret('wrong') }, 'engines.credentials-refused'],
    ['no password', { password: null }, 'engines.credentials-refused'],
    ['a database that is not there', { database: 'nowhere' }, 'engines.database-unknown'],
    ['TLS that the server does not speak', { sslmode: 'require' }, 'engines.no-tls'],
    ['a port where nobody listens', { port: 1 }, 'engines.unreachable'],
    ['a metadata address', { host: '169.254.169.254' }, 'engines.host-refused'],
    ['a socket path', { host: '/var/run/postgresql' }, 'engines.host-invalid'],
    ['a list of hosts', { host: '127.0.0.1,10.0.0.1' }, 'engines.host-invalid'],
  ] as const)('%s is told as such', async (_case, change, code) => {
    const target: EngineTarget = { engine: 'postgres', ...database.reader, ...change }
    const wrong = engine.open(target, options)
    const failure = await failureOf(wrong.lease({ signal: never() }))
    await wrong.close()
    expect(failure.code).toBe(code)
    expect(failure.message).not.toContain('wrong')
  })

  test('a host that asks for a password does not get this server’s own', async () => {
    const received: string[] = []
    const stranger = createServer((socket) => {
      socket.once('data', () => {
        socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3])) // AuthenticationCleartextPassword
        socket.on('data', (data) => {
          received.push(data.toString())
          socket.destroy()
        })
      })
    })
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
    const { port } = stranger.address() as AddressInfo // it listens on TCP
    process.env['PGPASSWORD'] = 'ours-alone'
    const target: EngineTarget = { engine: 'postgres', ...database.reader, host: '127.0.0.1', port, password: null }
    const lured = engine.open(target, options)
    await failureOf(lured.lease({ signal: never() }))
    delete process.env['PGPASSWORD']
    await lured.close()
    stranger.close()
    expect(received).toHaveLength(1)
    expect(received[0]).not.toContain('ours-alone')
  })
})

test('a server that speaks TLS is asked over it, and is not where its certificate must be known', async () => {
  const front = await startTlsFront(database)
  const target = { engine: 'postgres' as const, ...database.reader, host: '127.0.0.1', port: front.port }
  const secured = engine.open({ ...target, sslmode: 'require' }, options)
  const wide = await read(secured, approve("SELECT n, repeat('x', 10000) FROM generate_series(1, 50) AS t(n)"))
  expect(wide.rows.map(([n]) => Number(n))).toEqual(Array.from({ length: 50 }, (_, at) => at + 1))
  expect((await failureOf(read(secured, approve('SELECT nothing')))).code).toBe('engines.statement-rejected')
  expect((await read(secured, approve('SELECT 1'))).rows).toEqual([['1']])
  const strict = engine.open({ ...target, sslmode: 'verify-full' }, options)
  expect((await failureOf(strict.lease({ signal: never() }))).code).toMatch(/^engines\./)
  await Promise.all([secured.close(), strict.close()])
  await front.close()
})

describe('a server that says what no server says', () => {
  const message = (letter: string, length: number, body: readonly number[] = []): Buffer =>
    Buffer.concat([
      Buffer.from(letter),
      Buffer.from([length >>> 24, length >>> 16, length >>> 8, length].map((byte) => byte & 255)),
      Buffer.from(body),
    ])

  const lies: readonly (readonly [string, Buffer])[] = [
    ['a message of no length', message('D', 0)],
    ['a message of negative length', message('2', -7)],
    ['a row of more cells than it has', message('D', 6, [7, 208])],
    ['columns without names', message('T', 8, [0, 9, 1, 1])],
    ['an error that does not end', message('E', 9, [83, 70, 65, 84, 65])],
    ['an error of half a field', message('E', 8, [83, 0, 70, 65])],
    ['a setting without a value', message('S', 8, [65, 65, 0, 65])],
    ['word of a channel that has no end', message('A', 10, [0, 0, 0, 1, 0, 65])],
    ['readiness of no kind', message('Z', 4)],
    ['an unknown letter', message('?', 4)],
    ['rows of a copy, and the end of a page', Buffer.concat([message('d', 5, [65]), message('s', 4), message('?', 4)])],
    ['sign-in once more', message('R', 8, [0, 0, 0, 9])],
    ['a file that it wants', message('G', 7, [0, 0, 0])],
  ]

  test.each(lies)('is hung up on, and the next statement is answered: %s', async (_what, bytes) => {
    const liar = await startLyingServer(database)
    const lied = engine.open({ engine: 'postgres', ...database.reader, host: '127.0.0.1', port: liar.port }, { ...options, maxLeases: 1 })
    expect((await read(lied, approve('SELECT 1'))).rows).toEqual([['1']])
    liar.lie(bytes)
    expect((await failureOf(read(lied, approve('SELECT 2', [], { statementTimeoutMs: 500 })))).code).toMatch(/^(engines|run)\./)
    expect((await read(lied, approve('SELECT 3'))).rows).toEqual([['3']])
    await lied.close()
    await liar.close()
  })

  test.each(lies.flatMap(([what, bytes]) => [0, 1, 2, 3, 4].map((after) => [what, after, bytes] as const)))(
    'is hung up on while it signs in or is looked at: %s, after %i true words',
    async (_what, after, bytes) => {
      const liar = await startLyingServer(database)
      liar.lie(bytes, after)
      const lied = engine.open(
        { engine: 'postgres', ...database.reader, host: '127.0.0.1', port: liar.port },
        { ...options, connectTimeoutMs: 1_000 },
      )
      const work = async () => read(lied, approve('SELECT 1', [], { statementTimeoutMs: 500 }))
      const outcome = await work().then(
        () => 'answered',
        (error: { readonly code?: string }) => error.code,
      )
      expect(outcome).toMatch(/^(answered|engines\.|run\.)/)
      await lied.close()
      await liar.close()
    },
  )
})

describe('catalog and preflight', () => {
  test('tell of functions, operators, types, partitions, enums and unique indexes', async () => {
    const other = await freshDatabase()
    await other.query(`
      CREATE TYPE mood AS ENUM ('fine', 'grim');
      CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100);
      CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
      CREATE OPERATOR @@@ (FUNCTION = twice, RIGHTARG = int);
      CREATE TABLE event (id int, at date NOT NULL, state mood, share percent, label varchar(20)) PARTITION BY RANGE (at);
      CREATE TABLE event_2024 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
      CREATE UNIQUE INDEX event_2024_label ON event_2024 (label);
      COMMENT ON TABLE event IS 'what happened'; COMMENT ON COLUMN event.at IS 'when';
      CREATE TABLE half (open int, closed int); REVOKE ALL ON half FROM "${other.reader.user}"; GRANT SELECT (open) ON half TO "${other.reader.user}";
      CREATE TABLE hidden (a int); REVOKE ALL ON hidden FROM "${other.reader.user}";`)
    const own = engine.open({ engine: 'postgres', ...other.reader }, options)
    const catalog = await own.readCatalog({ disclosure: 'statistics' })
    await own.close()
    expect(catalog.functions).toEqual([
      { schema: 'public', name: 'twice', argumentTypes: ['integer'], resultType: 'integer', volatility: 'immutable' },
    ])
    expect(catalog.operators).toEqual(['public.@@@'])
    expect(catalog.types).toEqual(['public.event', 'public.event_2024', 'public.percent']) // a row of a table runs the checks of its domains when text is cast to it
    expect(catalog.searchPath).toEqual(['public'])
    expect(catalog.relations.map((relation) => relation.name)).toEqual(['event', 'event_2024', 'half'])
    const [event, partition, half] = catalog.relations
    expect(event).toMatchObject({ kind: 'partitioned-table', comment: 'what happened' })
    expect(event?.columns.find((column) => column.name === 'at')).toMatchObject({ type: 'date', isNullable: false, comment: 'when' })
    expect(event?.columns.find((column) => column.name === 'state')?.statistics).toMatchObject({
      values: ['fine', 'grim'],
      isComplete: true,
    })
    expect(partition).toMatchObject({ parents: ['public.event'], uniqueKeys: [['label']] })
    expect(half?.columns.map((column) => column.name)).toEqual(['open'])
  })

  test('leave out operators of extensions that only compute, but none that people made', async () => {
    const other = await freshDatabase()
    await other.query(`CREATE EXTENSION citext; CREATE FUNCTION same(citext, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
      CREATE OPERATOR === (FUNCTION = same, LEFTARG = citext, RIGHTARG = text)`)
    const own = engine.open({ engine: 'postgres', ...other.reader }, options)
    expect((await own.readCatalog({ disclosure: 'schema' })).operators).toEqual(['public.==='])
    await own.close()
  })

  test('find what an over-privileged user could do, with a script for a better one', async () => {
    const report = await single('owner').preflight()
    expect(report.level).toBe('excess')
    expect(report.findings.map((finding) => finding.code)).toEqual(
      expect.arrayContaining(['engines.superuser', 'engines.writes', 'engines.owns']),
    )
    expect(report.script).toContain('CREATE ROLE aishell_reader')
  })

  test('give a script whose user has nothing too much', async () => {
    const other = await freshDatabase()
    await other.query('CREATE SCHEMA "Odd one"; CREATE TABLE "Odd one".t (a int); GRANT CREATE ON SCHEMA public TO PUBLIC')
    const asOwner = engine.open(
      {
        engine: 'postgres',
        host: other.host,
        port: other.port,
        database: other.database,
        user: other.user,
        password: other.password,
        sslmode: 'disable',
      },
      options,
    )
    const { script } = await asOwner.preflight()
    await asOwner.close()
    const user = `${other.database}_least`
    await other.query(
      (script ?? '').replaceAll('aishell_reader', user).replaceAll('aishell_writer', `${user}_w`).replaceAll('<choose one>', 'chosen'),
    )
    const least = engine.open({ engine: 'postgres', ...other.reader, user, password: new Secret('chosen') }, options)
    expect(await least.preflight()).toMatchObject({ level: 'least', findings: [], script: null })
    expect((await read(least, approve('SELECT count(*) FROM "Odd one".t'))).rows).toEqual([['0']])
    await least.close()
  })

  test('find no more than one right too many', async () => {
    const other = await freshDatabase()
    await other.query('CREATE TABLE ledger (a int)')
    await other.query(`GRANT INSERT ON ledger TO "${other.reader.user}"`)
    const own = engine.open({ engine: 'postgres', ...other.reader }, options)
    const report = await own.preflight()
    await own.close()
    expect(report.findings.map((finding) => finding.code)).toEqual(['engines.writes'])
    expect(report.findings[0]?.message).toContain('public.ledger')
  })

  test('a lease may run several statements one after the other', async () => {
    const lease = await pool.lease({ signal: never() })
    for (const value of ['1', '2', '3']) expect((await readOn(lease, approve('SELECT $1 AS a', [value]))).rows).toEqual([[value]])
    await lease.release()
  })
})
