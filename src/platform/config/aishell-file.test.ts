import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAishellFile, readAishellFile } from './aishell-file.ts'

const reading = { env: { WAREHOUSE_PASSWORD: 'from-env' }, isProduction: true }
const whole = `
connections:
  - name: warehouse
    description: Orders and stock
    engine: postgres
    target:
      host: wh.internal
      database: wh
      user: reader
      passwordEnv: WAREHOUSE_PASSWORD
      sslmode: verify-full
  - name: notes
    engine: sqlite
    target: { file: /data/notes.db }
policies:
  warehouse:
    disclosure: schema
    rules:
      - { effect: deny, tables: [salaries] }
    defaults: { maxRows: 50 }
`

function problems(source: string, isProduction = true): readonly string[] {
  return parseAishellFile(source, { ...reading, isProduction }).problems
}

describe('aishell.yaml', () => {
  test('declares connections with their passwords and policies', () => {
    const file = parseAishellFile(whole, reading)
    expect(file.problems).toEqual([])
    const [warehouse, notes] = file.connections
    expect(warehouse?.input).toMatchObject({ name: 'warehouse', engine: 'postgres', target: { host: 'wh.internal', port: 5432 } })
    expect(warehouse?.password?.reveal()).toBe('from-env')
    expect(JSON.stringify(warehouse)).not.toContain('from-env')
    expect(warehouse?.policy).toMatchObject({ disclosure: 'schema', frozen: false, defaults: { maxRows: 50 } })
    expect(notes).toMatchObject({ policy: null, password: null })
    expect([...file.referencedEnv]).toEqual(['WAREHOUSE_PASSWORD'])
  })

  test('declares roles, and what claims of the identity provider lead to', () => {
    const file = parseAishellFile(
      `
roles:
  analyst:
    grants:
      - { verbs: [ask], connections: ['label:finance'], when: { kinds: [person] } }
signIn:
  - { claim: groups, value: data-*, role: analyst, groups: [data-team] }
`,
      reading,
    )
    expect(file.problems).toEqual([])
    expect(file.roles).toMatchObject([{ name: 'analyst', grants: [{ verbs: ['ask'], connections: ['label:finance'] }] }])
    expect(file.signIn).toEqual([{ claim: 'groups', value: 'data-*', role: 'analyst', groups: ['data-team'] }])
  })

  test('names no role that is neither built in nor declared', () => {
    expect(problems('signIn: [{ claim: groups, value: a, role: raeder }]')).toEqual([
      expect.stringContaining('signIn[0].role: no role raeder is declared here; did you mean reader?'),
    ])
    expect(problems('roles: { admin: { grants: [{ verbs: [ask] }] } }')).toHaveLength(1)
  })

  test('may be absent or empty', () => {
    expect(readAishellFile('/no/such/folder', reading)).toMatchObject({ connections: [], problems: [] })
    expect(parseAishellFile('# nothing yet\n', reading)).toMatchObject({ connections: [], problems: [] })
  })

  test('reads a password from a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'aishell-file-'))
    writeFileSync(join(folder, 'pw'), 'from-file\n')
    const target = `{ host: a, database: b, user: c, passwordFile: ${join(folder, 'pw')} }`
    writeFileSync(join(folder, 'aishell.yaml'), `connections: [{ name: x, engine: postgres, target: ${target} }]`)
    expect(readAishellFile(folder, reading).connections[0]?.password?.reveal()).toBe('from-file')
  })

  test('reads another user for writes, with a password of its own', () => {
    const writer = 'passwordEnv: WAREHOUSE_PASSWORD\n      writer: { user: scribe, passwordEnv: SCRIBE_PASSWORD }'
    const source = whole.replace('passwordEnv: WAREHOUSE_PASSWORD', writer)
    const file = parseAishellFile(source, { ...reading, env: { ...reading.env, SCRIBE_PASSWORD: 'writes' } })
    expect(file.problems).toEqual([])
    expect(file.connections[0]).toMatchObject({ input: { target: { writer: { user: 'scribe' } } } })
    expect(JSON.stringify(file.connections[0]?.input)).not.toContain('SCRIBE_PASSWORD')
    expect(file.connections[0]?.writerPassword?.reveal()).toBe('writes')
    expect(file.referencedEnv).toContain('SCRIBE_PASSWORD')
    expect(problems(source)).toEqual([
      expect.stringContaining('connections[0].target.writer.passwordEnv names SCRIBE_PASSWORD, which is not set'),
    ])
  })

  test.each([
    [
      'an unknown key, with its place and the nearest',
      whole.replace('database: wh', 'databse: wh'),
      'aishell.yaml:8:7 connections[0].target.databse: unknown key; did you mean database?',
    ],
    ['an unknown key at the top', 'conections: []', 'aishell.yaml:1:1 conections: unknown key; did you mean connections?'],
    [
      'a value of the wrong kind',
      whole.replace('host: wh.internal', 'host: wh.internal\n      port: many'),
      'aishell.yaml:8:7 connections[0].target.port:',
    ],
    ['an unknown engine', whole.replace('engine: sqlite', 'engine: oracle'), 'connections[1].engine:'],
    [
      'a policy for nobody',
      whole.replace('  warehouse:', '  warehose:'),
      'policies.warehose: no connection of that name is declared here; did you mean warehouse?',
    ],
    ['a name declared twice', whole.replace('name: notes', 'name: Warehouse'), '"Warehouse" is declared twice'],
    [
      'a variable that is not set',
      whole.replace('passwordEnv: WAREHOUSE_PASSWORD', 'passwordEnv: NOPE'),
      'connections[0].target.passwordEnv names NOPE, which is not set',
    ],
    [
      'an inline password in production',
      whole.replace('passwordEnv: WAREHOUSE_PASSWORD', 'password: hunter2'),
      'must not be written here in production',
    ],
    ['broken YAML', 'connections: [', 'aishell.yaml:1:'],
    ['a key written twice', 'connections: []\nconnections: []', 'aishell.yaml:2:1'],
    [
      'aliases that explode',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: [${'*c,'.repeat(9)}]`,
      'aishell.yaml:1:1',
    ],
  ])('refuses %s', (_name, source, message) => {
    expect(problems(source).join('\n')).toContain(message)
  })

  test('never repeats an inline password', () => {
    expect(problems(whole.replace('passwordEnv: WAREHOUSE_PASSWORD', 'password: hunter2')).join()).not.toContain('hunter2')
  })

  test('takes an inline password on a laptop', () => {
    const file = parseAishellFile(whole.replace('passwordEnv: WAREHOUSE_PASSWORD', 'password: hunter2'), {
      ...reading,
      isProduction: false,
    })
    expect(file.connections[0]?.password?.reveal()).toBe('hunter2')
  })
})
