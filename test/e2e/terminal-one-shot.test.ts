import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runPiped } from '../support/terminal-process.ts'
import { scripted } from '../support/terminal-script.ts'
import { startScriptedServer, warehouse, type ScriptedServer } from '../support/terminal-server.ts'

let server: ScriptedServer
beforeAll(async () => {
  server = await startScriptedServer(scripted)
})
afterAll(async () => server.stop())

const emptyFolder = async (): Promise<string> => mkdtemp(join(tmpdir(), 'aishell-export-'))

describe('aishell ask', () => {
  test('puts rows on stdout and the rest on stderr', async () => {
    const { code, out, err } = await runPiped(server, ['ask', 'orders'])
    expect(out).toBe(
      ' carrier |           orders\n---------+------------------\n DHL     |               12\n NULL    | 9007199254740993\n',
    )
    expect(err).toContain('SELECT carrier, count(*) AS orders')
    expect(err).toContain('assuming: “last month” is October 2026')
    expect(code).toBe(0)
  })

  test.each<[string, number, string]>([
    [
      'drop table customer;',
      3,
      'Refused: DROP changes the schema. [guard.ddl]\n  drop table customer;\n             ^^^^^^^^\n  hint: Ask the owner',
    ],
    ['unknowable', 4, 'No answer: Nothing here tells of the weather.'],
    ['best', 4, 'Best by what?\n  1  orders\n  2  customers'],
    ['broken', 1, 'Failed: The statement took too long.\n  hint: Ask for less.'],
    ['half', 5, 'The server hung up before the answer was complete.'],
    ['cut', 0, 'Not all rows: the row limit cut the answer at 2 rows.'],
  ])('says how %j ended', async (question, code, words) => {
    const finished = await runPiped(server, ['ask', question])
    expect(finished.err).toContain(words)
    expect(finished.code).toBe(code)
  })

  test('prints the whole answer as JSON', async () => {
    const { code, out } = await runPiped(server, ['ask', 'orders', '--json'])
    expect(JSON.parse(out)).toMatchObject({
      outcome: 'answered',
      data: [
        ['DHL', '12'],
        [null, '9007199254740993'],
      ],
    })
    expect(code).toBe(0)
  })

  test('prints only SQL when asked to, and runs nothing', async () => {
    const before = server.requests.length
    const { code, out } = await runPiped(server, ['ask', 'orders', '--sql-only'])
    expect(out).toBe('SELECT carrier, count(*) AS orders\nFROM sales_order\nGROUP BY 1\n')
    expect(server.requests.slice(before).map(({ path }) => path)).not.toContain('/api/v1/questions')
    expect(code).toBe(0)
  })

  test('ends at Ctrl-C and takes the question back from the server', async () => {
    const isAsked = (): boolean => server.requests.some(({ body }) => JSON.stringify(body).includes('"hang"'))
    const { code } = await runPiped(server, ['ask', 'hang'], { interruptWhen: isAsked })
    expect(code).toBe(130)
    expect(server.abandoned).toContain('hang')
  })
})

describe('aishell sql', () => {
  test('sends parameters as they are, \\N as NULL, and takes statements from a file or stdin', async () => {
    await runPiped(server, ['sql', 'select $1, $2', '-p', '7', '-p', '\\N', '-n', '5'])
    expect(server.requests.at(-1)?.body).toEqual({ connection: 'demo', sql: 'select $1, $2', params: ['7', null], limits: { maxRows: 5 } })
    await runPiped(server, ['sql', '-'], { input: 'select 3' })
    expect(server.requests.at(-1)?.body).toMatchObject({ sql: 'select 3' })
    const file = join(await emptyFolder(), 'a.sql')
    await writeFile(file, 'select 4')
    await runPiped(server, ['sql', '-f', file])
    expect(server.requests.at(-1)?.body).toMatchObject({ sql: 'select 4' })
  })
})

describe('aishell export', () => {
  test.each<['csv' | 'ndjson', string]>([
    ['csv', 'carrier,orders\nDHL,12\n,9007199254740993\n'],
    ['ndjson', '{"carrier":"DHL","orders":"12"}\n{"carrier":null,"orders":"9007199254740993"}\n'],
  ])('writes whole %s files', async (format, content) => {
    const folder = await emptyFolder()
    const { code, err } = await runPiped(server, ['export', 'orders', '--format', format, '-o', join(folder, 'orders')])
    expect(await readFile(join(folder, 'orders'), 'utf8')).toBe(content)
    expect(err).toContain('2 rows')
    expect(code).toBe(0)
    const piped = await runPiped(server, ['export', 'orders', '--format', format, '-o', '-'])
    expect(piped.out).toBe(content)
  })

  test.each<[string, number, string]>([
    ['half file', 1, 'hung up'],
    ['cut', 1, 'policy cuts answers at 2 rows'],
    ['unknowable', 4, 'no rows'],
  ])('leaves no file when the rows end as %j', async (question, code, words) => {
    const folder = await emptyFolder()
    const finished = await runPiped(server, ['export', question, '-o', join(folder, 'rows.csv')])
    expect(finished.err).toContain(words)
    expect(finished.code).toBe(code)
    expect(await readdir(folder)).toEqual([])
  })

  test('leaves no file at Ctrl-C', async () => {
    const folder = await emptyFolder()
    const isAsked = (): boolean => server.requests.some(({ body }) => JSON.stringify(body).includes('hanging file'))
    const { code } = await runPiped(server, ['export', 'hanging', 'file', '-o', join(folder, 'rows.csv')], { interruptWhen: isAsked })
    expect(code).toBe(130)
    expect(await readdir(folder)).toEqual([])
  })

  test('asks nothing when the file cannot be written', async () => {
    const before = server.requests.length
    const { code, err } = await runPiped(server, ['export', 'orders', '-o', '/nowhere/orders.csv'])
    expect(err).toContain('/nowhere/orders.csv cannot be written: its folder does not exist.')
    expect(server.requests.slice(before).map(({ path }) => path)).not.toContain('/api/v1/questions')
    expect(code).toBe(1)
  })

  test('takes a part knowingly', async () => {
    const folder = await emptyFolder()
    const { code, err } = await runPiped(server, ['export', 'cut', '-n', '2', '-o', join(folder, 'rows.csv')])
    expect(code).toBe(0)
    expect(err).toContain('the row limit cut the rest')
  })
})

describe('other commands', () => {
  test('read passwords from stdin or a file and never from the command line', async () => {
    const where = ['connections', 'add', 'w', '--host', 'db', '--database', 'sales', '--user', 'reader']
    await runPiped(server, [...where, '--password-stdin'], { input: 'hunter2\n' })
    expect(server.requests.at(-1)?.body).toMatchObject({
      name: 'w',
      target: { host: 'db', port: 5432, password: 'hunter2', sslmode: 'require' },
    })
    await runPiped(server, [...where, '--no-password'])
    expect(server.requests.at(-1)?.body).not.toHaveProperty('target.password')
    const { code, err } = await runPiped(server, where)
    expect(err).toContain('--password-file or --password-stdin')
    expect(code).toBe(2)
  })

  test('print a new token alone on stdout', async () => {
    const { out, err } = await runPiped(server, ['tokens', 'create', 'ci'])
    expect(out).toBe('made-token\n')
    expect(err).toContain('not shown again')
  })

  test('narrow a new token to every connection and verb that is named', async () => {
    const narrowed = [
      '--kind',
      'service',
      '--verb',
      'ask',
      '--verb',
      'browse-catalog',
      '--connection',
      'warehouse',
      '--connection',
      'ledger',
    ]
    expect((await runPiped(server, ['tokens', 'create', 'ci', ...narrowed])).code).toBe(0)
    expect(server.requests.at(-1)?.body).toEqual({
      name: 'ci',
      kind: 'service',
      expiresInDays: 90,
      verbs: ['ask', 'browse-catalog'],
      connections: ['warehouse', 'ledger'],
    })
  })

  test('fail when the chain is not intact', async () => {
    const { code, out } = await runPiped(server, ['audit', 'verify'])
    expect(out).toContain('at 2: The link was changed.')
    expect(code).toBe(1)
    expect((await runPiped(server, ['audit', 'verify', '--file', 'x'])).code).toBe(2)
  })

  test('describe tables', async () => {
    expect((await runPiped(server, ['catalog', 'customer'])).out).toContain('customer_id | text')
    expect((await runPiped(server, ['catalog', 'nothing'])).code).toBe(2)
  })
})

describe('a connection with a writer', () => {
  let stocked: ScriptedServer
  beforeAll(async () => {
    stocked = await startScriptedServer(scripted, [warehouse])
  })
  afterAll(async () => stocked.stop())

  test('is changed in what is given, and the rest is left to the server', async () => {
    const target = { host: 'db', port: 5432, database: 'stock', user: 'reader', sslmode: 'require' }
    const edit = ['connections', 'edit', 'warehouse']
    await runPiped(stocked, [...edit, '--description', 'All of it'])
    expect(stocked.requests.at(-1)?.body).toEqual({
      name: 'warehouse',
      description: 'All of it',
      labels: ['eu'],
      engine: 'postgres',
      target,
    })
    const file = join(await emptyFolder(), 'pw')
    await writeFile(file, 'hunter2\n')
    await runPiped(stocked, [...edit, '--writer-user', 'clerk', '--writer-password-file', file])
    expect(stocked.requests.at(-1)?.body).toMatchObject({ target: { ...target, writer: { user: 'clerk', password: 'hunter2' } } })
    await runPiped(stocked, [...edit, '--no-writer'])
    expect(stocked.requests.at(-1)?.body).toMatchObject({ target: { ...target, writer: null } })
    const { code, err } = await runPiped(stocked, [...edit, '--host', 'elsewhere'])
    expect(err).toContain('--password-file or --password-stdin')
    expect(code).toBe(2)
  })

  test('says who reads and who writes', async () => {
    expect((await runPiped(stocked, ['connections', 'show', 'warehouse'])).out).toMatch(/writer +scribe/)
    const { out } = await runPiped(stocked, ['connections', 'test', 'warehouse'])
    expect(out).toContain('Its user can only read.')
    expect(out).toContain(
      'Approved writes run as scribe, which can change rows and no more:\n  - It may write: public.till. [engines.writes]',
    )
    const { out: found } = await runPiped(stocked, ['doctor', '--json'])
    expect(JSON.parse(found).checks).toContainEqual({
      name: 'connection warehouse',
      state: 'ok',
      detail: 'reachable, reader can only read, scribe writes',
    })
  })
})

describe('trouble', () => {
  test.each<[string, string[], Record<string, string>, number, string]>([
    ['a wrong token', ['ask', 'x'], { AISHELL_TOKEN: 'wrong' }, 5, 'error: This token is not known.\nhint: Sign in again.\n'],
    ['no token', ['ask', 'x'], { AISHELL_TOKEN: '' }, 5, 'error: There is no token'],
    ['no server', ['ask', 'x'], { AISHELL_SERVER: 'http://127.0.0.1:1' }, 5, 'error: The server cannot be reached'],
    ['no address', ['ask', 'x', '--server', 'nonsense'], {}, 2, "error: 'nonsense' is no server address."],
    ['an unknown connection', ['connections', 'show', 'x'], {}, 1, "error: There is no connection 'x'.\nhint: There are: demo.\n"],
    ['an unknown command', ['connect'], {}, 2, "error: There is no command 'connect'.\nhint: Did you mean `aishell connections`?\n"],
    ['an unknown option', ['ask', 'x', '--limits', '3'], {}, 2, "error: unknown option '--limits'"],
    ['a wrong number', ['ask', 'x', '-n', 'many'], {}, 2, 'whole number'],
    ['a missing output', ['export', 'x'], {}, 2, 'required option'],
    ['nothing asked', ['ask', ' '], {}, 2, 'error: The question is empty.'],
    ['a missing file', ['sql', '-f', '/nowhere.sql'], {}, 1, 'ENOENT'],
  ])('%s is one line and a hint on stderr', async (_, args, env, code, words) => {
    const finished = await runPiped(server, args, { env })
    expect(finished.err).toContain(words)
    expect(finished.out).toBe('')
    expect(finished.code).toBe(code)
  })

  test('is a problem document with --json', async () => {
    const { code, out, err } = await runPiped(server, ['ask', 'x', '--json'], { env: { AISHELL_TOKEN: 'wrong' } })
    expect(JSON.parse(out)).toMatchObject({ code: 'identity.token-unknown', status: 401, hint: 'Sign in again.' })
    expect(err).toBe('')
    expect(code).toBe(5)
  })

  test('teaches on --help', async () => {
    const { code, out } = await runPiped(server, ['export', '--help'])
    expect(out).toContain('Examples:\n  $ aishell export')
    expect(code).toBe(0)
  })
})
