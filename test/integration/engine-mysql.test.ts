import { createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Secret } from '../../src/domain/index.ts'
import { createMysqlEngine, type EnginePool, type EngineTarget } from '../../src/platform/engines/index.ts'
import { approve, failureOf, mark, never, read } from '../support/engine-statements.ts'
import { freshMariadbDatabase, type MariadbDatabase, type MariadbServer } from '../support/mariadb-server.ts'
import { describeMysql } from '../support/describe-mysql.ts'

const options = { maxLeases: 2, maxWaiting: 2, connectTimeoutMs: 10_000 }

describeMysql('the engine', (kind, start) => {
  const isMariadb = kind === 'mariadb'
  const engine = createMysqlEngine(kind, { allowPrivateHosts: true, allowedHosts: [] })
  let server: MariadbServer
  let database: MariadbDatabase
  let pool: EnginePool
  const openAs = (user: Partial<EngineTarget>, size = options): EnginePool =>
    engine.open({ engine: kind, ...database.reader, ...user } as EngineTarget, size)

  beforeAll(async () => {
    server = await start()
    database = await freshMariadbDatabase(server)
    await database.script(`
      CREATE TABLE odd (
        id int PRIMARY KEY, tiny tinyint unsigned, padded int(6) zerofill, big bigint unsigned, exact decimal(38,10), single float, twice double, fixed double(10,2),
        bits bit(10), day date, moment datetime(6), span time(3), born year, raw varbinary(8), document json, colour enum('red','green'), flags set('a','b')) COMMENT 'odd things';
      INSERT INTO odd VALUES (1, 255, 42, 18446744073709551615, 1234567890123456789012345678.0123456789, 1.1, 1e300, 1.5, b'101', '2024-02-29', '2024-02-29 23:59:59.000001', '-838:59:58.001', 1999, x'00ff', '{"a": 1}', 'green', 'a,b'),
        (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
      SET sql_mode = ''; INSERT INTO odd (id, day, moment, twice) VALUES (3, '0000-00-00', '0000-00-00', -0e0); SET sql_mode = DEFAULT;
      CREATE FUNCTION twice(a int) RETURNS int DETERMINISTIC NO SQL RETURN a * 2;
      CREATE TABLE aside (id int) ENGINE = MyISAM;
      INSERT INTO aside VALUES (1), (2)`)
    pool = openAs({})
  })
  afterAll(async () => {
    await pool.close()
    await server.stop()
  })

  test('spells every type exactly as the server would', async () => {
    const { columns, rows } = await read(pool, approve('SELECT * FROM odd WHERE id < 3 ORDER BY id'))
    expect(Object.fromEntries(columns.map(({ name }, at) => [name, rows[0]?.[at]]))).toEqual({
      id: '1',
      tiny: '255',
      padded: '000042',
      big: '18446744073709551615',
      exact: '1234567890123456789012345678.0123456789',
      single: '1.1',
      twice: '1e300',
      fixed: '1.50',
      bits: '0000000101',
      day: '2024-02-29',
      moment: '2024-02-29 23:59:59.000001',
      span: '-838:59:58.001',
      born: '1999',
      raw: '\\x00ff',
      document: '{"a": 1}',
      colour: 'green',
      flags: 'a,b',
    })
    expect(columns.map(({ type, kind }) => `${type} ${kind}`)).toEqual([
      'int number', 'tinyint number', 'int number', 'bigint number', 'decimal number', 'float number', 'double number', 'double number',
      'bit other', 'date time', 'datetime time', 'time time', 'year number', 'varbinary binary', 'json json', 'enum text', 'set text',
    ]) // prettier-ignore
    expect(rows[1]).toEqual(['2', ...Array.from({ length: 16 }, () => null)])
  })

  test('keeps zero dates, which other readers make NULL or a wrong day', async () => {
    expect((await read(pool, approve('SELECT day, moment FROM odd WHERE id = 3'))).rows).toEqual([
      ['0000-00-00', '0000-00-00 00:00:00.000000'],
    ])
  })

  test('reads SQL the way the guard does, whatever the server’s default is', async () => {
    await database.query(`SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,IGNORE_SPACE'`)
    const own = openAs({})
    const { rows } = await read(own, approve(String.raw`SELECT "it\"s", 'a\'b', 1 || 0`))
    await own.close()
    await database.query('SET GLOBAL sql_mode = DEFAULT')
    expect(rows).toEqual([['it"s', "a'b", '1']])
  })

  test.each([
    ['two statements', 'SELECT 1; SELECT 2'],
    ['a file of this machine', `LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE odd`],
    ['a file of the server', "SELECT 1 INTO OUTFILE '/tmp/aishell-out'"],
    ['DDL, which would commit the transaction it stands in', 'CREATE TABLE mine (a int)'],
    ['a write to a table without transactions', 'INSERT INTO aside VALUES (3)'],
  ])('does not run %s, even for an administrator', async (_case, sql) => {
    const root = openAs({ user: database.user, password: database.password })
    const failure = await failureOf(read(root, approve(sql)))
    await root.close()
    // OUTFILE is not stopped by the server for an administrator but by its folder for files.
    expect(['engines.read-only', 'engines.statement-rejected', 'engines.statement-failed', 'run.cancelled']).toContain(failure.code)
    expect(await database.query("SHOW TABLES LIKE 'mine'")).toEqual([])
    expect(await database.query('SELECT count(*) AS n FROM aside')).toEqual([{ n: '2' }])
  })

  const readOnly = isMariadb ? 'tx_read_only' : 'transaction_read_only'
  test('cannot be made to write by the statement itself', async () => {
    expect((await failureOf(read(pool, approve('SET TRANSACTION READ WRITE')))).code).toMatch(/^engines\./)
    await failureOf(read(pool, approve(`SET SESSION ${readOnly} = 0`)))
    const root = openAs({ user: database.user, password: database.password }, { ...options, maxLeases: 1 })
    await read(root, approve(`SET SESSION ${readOnly} = 0`)).catch(() => null)
    expect((await failureOf(read(root, approve('CREATE TABLE mine (a int)')))).code).toBe('engines.read-only')
    await root.close()
  })

  test('tells no value of a row in an error', async () => {
    const secret = `SELECT updatexml(1, concat('~', (SELECT document FROM odd WHERE id = 1)), 1)`
    const failure = await failureOf(read(pool, approve(secret)))
    expect(JSON.stringify([failure, failure.message])).not.toMatch(/"a"/)
  })

  test('waits for a lock no longer than it may', async () => {
    const holder = await import('mysql2/promise').then(({ createConnection }) =>
      createConnection({
        host: database.host,
        port: database.port,
        user: database.user,
        password: database.password.reveal(),
        database: database.database,
      }),
    )
    await holder.query('LOCK TABLES odd WRITE')
    const failure = await failureOf(read(pool, approve('SELECT * FROM odd', [], { lockTimeoutMs: 1_000 })))
    await holder.end()
    expect(failure.code).toBe('run.lock-timeout')
  })

  test.each(isMariadb ? [] : [1_500])('says so of a recursion of %i steps, where the server stops at 1,000', async (deep) => {
    const failure = await failureOf(
      read(pool, approve(`WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < ${deep}) SELECT count(*) FROM t`)),
    )
    expect(failure).toEqual({ code: 'engines.statement-rejected', message: 'A recursive WITH went deeper than the server lets it.' })
  })

  test('a row beyond the byte limit is not waited for', async () => {
    const failure = await failureOf(read(pool, approve(`SELECT repeat('x', 15000000)`, [], { maxBytes: 1_000_000 })))
    expect(failure.code).toBe('run.row-too-large')
  })

  describe('stops a statement', () => {
    const running = async (): Promise<number> => {
      const rows = await database.query(
        `SELECT count(*) AS n FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND COMMAND IN ('Query', 'Execute') AND INFO LIKE '/* aishell%'`,
      )
      return Number(rows[0]?.['n'])
    }
    const until = async (wanted: number): Promise<boolean> => {
      const deadline = performance.now() + 1_000
      while (performance.now() < deadline) {
        if ((await running()) === wanted) return true
        await sleep(20)
      }
      return false
    }
    const endless = `SELECT BENCHMARK(1000000000000000, SHA2('x', 256))`
    const many = `WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 1000) SELECT a.n, repeat(sha2(b.n, 256), 10) FROM t AS a, t AS b, t AS c`

    test('whose asker has left, within a second', async () => {
      const controller = new AbortController()
      const failed = failureOf(read(pool, approve(endless), controller.signal))
      expect(await until(1)).toBe(true)
      controller.abort()
      expect(await until(0)).toBe(true)
      expect((await failed).code).toBe('run.cancelled')
    })

    test('whose reader left in the middle of the rows, within a second', async () => {
      const lease = await pool.lease({ signal: never() })
      const { batches } = await lease.read(approve(many), { signal: never(), mark, batchRows: 5 })
      for await (const _batch of batches) break
      await lease.release()
      expect(await until(0)).toBe(true)
    })

    test('and never the next one of the same session', async () => {
      const one = openAs({}, { ...options, maxLeases: 1 })
      for (let round = 0; round < 100; round++) {
        const controller = new AbortController()
        const first = read(one, approve('SELECT sleep(0.004)'), controller.signal).catch(() => null)
        await sleep(round % 9)
        controller.abort()
        await first
        expect((await read(one, approve('SELECT sleep(0.001), 1 AS a'))).rows[0]).toEqual(['0', '1'])
      }
      await one.close()
    })

    test('by our own clock where the server’s is off', async () => {
      // A sleep that is cut short by max_statement_time only returns 1; this statement has no end the server would put to it.
      await database.query(
        `CREATE FUNCTION forever() RETURNS int READS SQL DATA BEGIN SET SESSION ${isMariadb ? 'max_statement_time' : 'max_execution_time'} = 0; RETURN (SELECT sleep(60)); END`,
      )
      await database.query(`GRANT EXECUTE ON FUNCTION forever TO '${database.reader.user}'@'127.0.0.1'`)
      const failure = await failureOf(read(pool, approve('SELECT forever()', [], { statementTimeoutMs: 300 })))
      expect(failure.code).toBe('run.timeout')
      expect(await until(0)).toBe(true)
    })
  })

  test('the comment with asker and entry is seen by the DBA and cannot be broken out of', async () => {
    const lease = await pool.lease({ signal: never() })
    const stream = await lease.read(approve('SELECT info FROM information_schema.PROCESSLIST WHERE id = connection_id()'), {
      signal: never(),
      mark: { entryId: 'e-1', actor: 'eve */ DELETE FROM account; /*' },
      batchRows: 1,
    })
    for await (const [row] of stream.batches)
      expect(row?.[0]).toMatch(/^\/\* aishell entry=e-1 actor=eve {2}DELETE FROM account\s* \*\/ SELECT info/)
    await lease.release()
  })

  const integer = isMariadb ? 'int(11)' : 'int'
  test('lists functions of the database, comments, and enum labels where nobody has looked', async () => {
    await database.query(`GRANT EXECUTE ON FUNCTION twice TO '${database.reader.user}'@'127.0.0.1'`)
    const catalog = await pool.readCatalog({ disclosure: 'statistics' })
    expect(catalog).toMatchObject({ dialect: kind, database: database.database, searchPath: [database.database] })
    expect(catalog.functions.find((one) => one.name === 'twice')).toEqual({
      schema: database.database,
      name: 'twice',
      argumentTypes: [integer],
      resultType: integer,
      volatility: 'immutable',
    })
    const odd = catalog.relations.find((relation) => relation.name === 'odd')
    expect(odd?.comment).toBe('odd things')
    expect(odd?.columns.find((column) => column.name === 'colour')?.statistics?.values).toContain('green')
  })

  describe('says what its user could do', () => {
    test('and its script makes one who can only read', async () => {
      const root = openAs({ user: database.user, password: database.password })
      const report = await root.preflight()
      await root.close()
      expect(report.level).toBe('excess')
      expect(report.findings.map((finding) => finding.code)).toContain('engines.superuser')
      await database.script((report.script ?? '').replaceAll('<choose one>', 'chosen').replaceAll("'%'", "'127.0.0.1'"))
      const least = openAs({ user: 'aishell_reader', password: new Secret('chosen') })
      expect(await least.preflight()).toMatchObject({ level: 'least', findings: [], script: null })
      expect((await read(least, approve('SELECT count(*) AS n FROM odd'))).rows).toEqual([['3']])
      await least.close()
      await database.query("DROP USER 'aishell_reader'@'127.0.0.1', 'aishell_writer'@'127.0.0.1'")
    })

    beforeEach(async () => {
      await database.query("DROP USER IF EXISTS granted@'127.0.0.1'")
    })

    test.each([
      ['INSERT, UPDATE ON {db}.*', ['engines.writes']],
      ['CREATE, DROP, INDEX ON {db}.*', ['engines.creates']],
      ['FILE, PROCESS ON *.*', ['engines.server-files', 'engines.server-roles']],
      ['EXECUTE ON {db}.*', ['engines.executes']],
      ['SELECT ON mysql.*', ['engines.reads-system']],
      ['SELECT ON {db}.* WITH GRANT OPTION', ['engines.create-role']],
      ['ALL ON {db}.*', ['engines.writes']],
      ['SUPER ON *.*', ['engines.superuser']],
      ['SELECT (id), UPDATE (colour) ON {db}.odd', ['engines.writes']],
    ])('GRANT %s', async (grant, codes) => {
      const [what = '', option] = grant.replaceAll('{db}', database.database).split(' WITH ')
      await database.query("CREATE USER granted@'127.0.0.1' IDENTIFIED BY 'x'")
      await database.query(`GRANT SELECT ON ${database.database}.* TO granted@'127.0.0.1'`)
      await database.query(`GRANT ${what} TO granted@'127.0.0.1'${option === undefined ? '' : ` WITH ${option}`}`)
      const granted = openAs({ user: 'granted', password: new Secret('x') })
      expect((await granted.preflight()).findings.map((finding) => finding.code)).toEqual(codes)
      await granted.close()
    })

    test('also by the roles it may put on', async () => {
      await database.query('CREATE ROLE scribe')
      await database.query(`GRANT DELETE ON ${database.database}.* TO scribe`)
      await database.query("CREATE USER granted@'127.0.0.1' IDENTIFIED BY 'x'")
      await database.query("GRANT scribe TO granted@'127.0.0.1'")
      await database.query(`GRANT SELECT ON ${database.database}.* TO granted@'127.0.0.1'`)
      const granted = openAs({ user: 'granted', password: new Secret('x') })
      expect((await granted.preflight()).findings.map((finding) => finding.code)).toEqual(['engines.writes'])
      await granted.close()
    })
  })

  describe('cannot sign in', () => {
    test.each([
      ['with a wrong password', { password: new Secret('wrong') }, 'engines.credentials-refused'],
      ['as nobody', { user: 'nobody' }, 'engines.credentials-refused'],
      [
        'to a database that is not there',
        { user: 'root', password: new Secret('test-root'), database: 'nowhere' },
        'engines.database-unknown',
      ],
      isMariadb
        ? ['over TLS where there is none', { sslmode: 'require' as const }, 'engines.no-tls']
        : ['where nobody we know vouches for the server', { sslmode: 'verify-full' as const }, 'engines.certificate'],
      ['to a port where nobody listens', { port: 1 }, 'engines.unreachable'],
    ])('%s', async (_case, change, code) => {
      const other = openAs(change)
      const failure = await failureOf(read(other, approve('SELECT 1')))
      await other.close()
      expect(failure.code).toBe(code)
      expect(JSON.stringify([failure, failure.message])).not.toMatch(/wrong|test-root/)
    })

    test('to a host in a private network, unless the operator opened those', async () => {
      const closed = createMysqlEngine(kind, { allowPrivateHosts: false, allowedHosts: [] })
      const other = closed.open({ engine: kind, ...database.reader }, options)
      expect((await failureOf(read(other, approve('SELECT 1')))).code).toBe('engines.host-refused')
      await other.close()
    })

    test('to something that is no database and never speaks', async () => {
      const silent: Server = createServer(() => undefined)
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
      const address = silent.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      const other = openAs({ port }, { ...options, connectTimeoutMs: 300 })
      expect((await failureOf(read(other, approve('SELECT 1')))).code).toBe('engines.unreachable')
      await other.close()
      await new Promise((resolve) => silent.close(resolve))
    })
  })
})
