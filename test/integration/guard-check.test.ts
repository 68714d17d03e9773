import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, describe, expect, test } from 'vitest'
import { checkStatements } from '../../src/guard-check.ts'
import type { GuardCheckOptions } from '../../src/surfaces/terminal/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'aishell-check-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Printed {
  readonly id: unknown
  readonly verdict?: string
  readonly class?: string
  readonly codes?: readonly string[]
  readonly tables?: readonly string[]
  readonly columns?: readonly string[]
  readonly functions?: readonly string[]
  readonly ms?: number
  readonly line?: number
  readonly error?: { readonly code: string; readonly message: string }
}

/** The program as people run it, with statements on its stdin. */
function spawned(args: readonly string[], input: string) {
  const env = { ...process.env, DATA_DIR: join(folder, 'nothing-may-be-made-here') }
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/main.ts', 'guard', 'check', ...args], {
    input,
    encoding: 'utf8',
    env,
  })
  return { code: status, lines: linesOf(stdout), stderr }
}

/** The same without a process around it. */
async function check(options: Partial<GuardCheckOptions>, input: string) {
  let written = ''
  const write = async (text: string): Promise<void> => {
    written += text
  }
  const given = { dialect: 'postgres', catalog: null, policy: null, role: 'reader', failOn: 'never', ...options } as const
  const code = await checkStatements(given, { input: Readable.from([input]), write })
  return { code, lines: linesOf(written) }
}

function linesOf(text: string): Printed[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Printed) // the command's own format
}

function file(name: string, value: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, JSON.stringify(value))
  return path
}

const jsonLines = (statements: readonly object[]): string => statements.map((line) => `${JSON.stringify(line)}\n`).join('')

describe('aishell guard check', () => {
  test('prints one verdict per statement, in order, with all that was found', () => {
    const { code, lines } = spawned(
      ['--dialect', 'postgres'],
      jsonLines([
        { id: 'a', sql: 'SELECT lower(c.name) FROM sales.customer c' },
        { id: 2, sql: 'DROP TABLE customer' },
        { id: null, sql: 'SELECT pg_sleep(1)' },
      ]),
    )
    expect(code).toBe(0)
    expect(lines).toMatchObject([
      { id: 'a', verdict: 'allow', class: 'read', codes: [], tables: ['sales.customer'], functions: ['lower'] },
      { id: 2, verdict: 'refuse', class: 'ddl', codes: ['guard.ddl-denied'] },
      { id: null, verdict: 'refuse', class: 'read', codes: ['guard.function-denied'], functions: ['pg_sleep'] },
    ])
    expect(lines.every((line) => typeof line.ms === 'number')).toBe(true)
  })

  test('goes on behind a line it cannot read, says which, and leaves with code 1', async () => {
    const { code, lines } = await check(
      { dialect: 'sqlite' },
      `not json\n\n{"id":1}\n[1]\n{"id":{},"sql":"SELECT 1"}\n{"id":2,"sql":"SELECT ?1","params":[5]}\n{"id":3,"sql":"SELECT a FROM t"}\n`,
    )
    expect(code).toBe(1)
    expect(lines.slice(0, 5).map((line) => [line.id, line.line, line.error?.code])).toEqual(
      [1, 3, 4, 5, 6].map((line) => [null, line, 'main.bad-line']),
    )
    expect(lines[5]).toMatchObject({ id: 3, verdict: 'allow', tables: ['main.t'], columns: ['main.t.a'] })
  })

  test('judges by a catalog, a policy and a role, and fails where it was asked to', async () => {
    const relations = [{ name: 'customer', columns: [{ name: 'id' }, { name: 'iban' }] }]
    const catalog = file('catalog.json', { dialect: 'postgres', relations })
    const policy = file('policy.json', { rules: [{ effect: 'deny', roles: ['reader'], tables: ['customer'], columns: ['iban'] }] })
    const input = jsonLines([
      { id: 1, sql: 'SELECT id FROM customer' },
      { id: 2, sql: 'SELECT iban FROM customer' },
      { id: 3, sql: 'SELECT id FROM costumer' },
    ])
    const options = { catalog, policy, failOn: 'refuse' } as const
    const asReader = await check(options, input)
    expect(asReader.lines.map((line) => line.verdict)).toEqual(['allow', 'refuse', 'refuse'])
    expect(asReader.code).toBe(3)
    expect((await check({ ...options, role: 'admin' }, input)).lines.map((line) => line.verdict)).toEqual(['allow', 'allow', 'refuse'])
    expect((await check({ failOn: 'confirm' }, jsonLines([{ id: 1, sql: 'SELECT 1' }]))).code).toBe(0)
  })

  test('without a catalog, a statement on a table with column rules is refused whole', async () => {
    const policy = file('columns.json', { rules: [{ effect: 'deny', tables: ['customer'], columns: ['iban'] }] })
    const input = jsonLines([
      { id: 1, sql: 'SELECT * FROM customer' },
      { id: 2, sql: 'SELECT iban FROM orders, customer' },
      { id: 3, sql: 'SELECT id FROM orders' },
    ])
    for (const dialect of ['postgres', 'sqlite'] as const) {
      const { lines } = await check({ policy, dialect }, input)
      expect(lines.map((line) => line.codes)).toEqual([['guard.columns-unknown'], ['guard.columns-unknown'], []])
    }
  })

  test('bound values that are not given are not asked about; given ones must fit', async () => {
    const { lines } = await check(
      {},
      jsonLines([
        { id: 1, sql: 'SELECT $1::int' },
        { id: 2, sql: 'SELECT $1::int', params: ['1'] },
        { id: 3, sql: 'SELECT $1::int', params: [] },
      ]),
    )
    expect(lines.map((line) => line.verdict)).toEqual(['allow', 'allow', 'refuse'])
  })

  test('a thousand statements come out as a thousand verdicts', async () => {
    const input = jsonLines(Array.from({ length: 1_000 }, (_, id) => ({ id, sql: `SELECT a${id} FROM t WHERE b = ${id}` })))
    for (const dialect of ['postgres', 'sqlite'] as const) {
      const { lines } = await check({ dialect }, input)
      expect(lines.map((line) => line.id)).toEqual(Array.from({ length: 1_000 }, (_, id) => id))
      expect(lines.every((line) => line.verdict === 'allow')).toBe(true)
    }
  })

  test.each([
    ['a catalog that is not there', { catalog: join(folder, 'none.json') }],
    ['a catalog of another dialect', { catalog: file('other.json', { dialect: 'sqlite', relations: [] }) }],
    ['a catalog without tables', { catalog: file('half.json', { dialect: 'postgres' }) }],
    ['a policy with a misspelt key', { policy: file('bad.json', { frozn: true }) }],
    ['a policy that is a list', { policy: file('list.json', []) }],
  ])('%s is said, and nothing is judged', async (_, options) => {
    await expect(check(options, '{"id":1,"sql":"SELECT 1"}\n')).rejects.toMatchObject({ kind: 'invalid' })
  })

  test('a command line that is wrong leaves with code 2, and nothing on stdout', () => {
    const { code, lines, stderr } = spawned(['--dialect', 'oracle'], '{"id":1,"sql":"SELECT 1"}\n')
    expect({ code, lines }).toEqual({ code: 2, lines: [] })
    expect(stderr).toContain('oracle')
  })
})
