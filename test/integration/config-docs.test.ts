import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readSettings, settingsTable } from '../../src/platform/config/index.ts'

function blocks(page: string): readonly string[] {
  const text = readFileSync(new URL(`../../docs/how-to/${page}.md`, import.meta.url), 'utf8')
  return [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '')
}

function start(yaml: string) {
  const folder = mkdtempSync(join(tmpdir(), 'aishell-docs-'))
  writeFileSync(join(folder, 'secret'), 'from-a-file\n')
  writeFileSync(join(folder, 'aishell.yaml'), yaml.replaceAll('/run/secrets/warehouse', join(folder, 'secret')))
  return readSettings({ env: { CONFIG_DIR: folder, SUPPORT_PASSWORD: 'from-the-environment' }, version: '0' })
}

describe('what the how-tos print', () => {
  test('declares connections as it says', () => {
    const [example = ''] = blocks('declare-connections-in-a-file')
    const { declared } = start(example)
    expect(declared.map((one) => [one.input.name, one.password?.reveal() ?? null])).toEqual([
      ['warehouse', 'from-a-file'],
      ['support', 'from-the-environment'],
      ['prices', null],
    ])
    expect(declared[1]?.policy).toMatchObject({ disclosure: 'statistics', defaults: { maxRows: 200 } })
  })

  test.each(blocks('write-a-policy').map((block, index) => [index + 1, block] as const))('is a policy (block %i)', (_index, block) => {
    const indented = block.replace(/^/gm, '    ')
    const head = 'connections:\n  - { name: x, engine: sqlite, target: { file: /x.db } }\npolicies:\n  x:\n'
    expect(start(head + indented).declared[0]?.policy).not.toBeNull()
  })

  test.each(['connect-a-database', 'declare-connections-in-a-file'])('names only settings there are (%s)', (page) => {
    const text = readFileSync(new URL(`../../docs/how-to/${page}.md`, import.meta.url), 'utf8')
    const known: ReadonlySet<string> = new Set(
      Object.values(settingsTable).flatMap((group) => Object.values(group).map((setting) => setting.name)),
    )
    const named = [...text.matchAll(/`(CONNECTION_[A-Z_]+|CONFIG_DIR|DATA_DIR|APP_ENV)/g)].map((match) => match[1] ?? '')
    expect(named.length).toBeGreaterThan(0)
    expect(named.filter((name) => !known.has(name))).toEqual([])
  })
})

test('the example environment starts as it is, and with every line in force', () => {
  const text = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8')
  const lines = [...text.matchAll(/^#([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value] as const)
  expect(lines.length).toBeGreaterThan(50)
  const env = { ...Object.fromEntries(lines), CONFIG_DIR: '/no/such/folder' }
  expect(readSettings({ env, version: '0' })).toMatchObject({ app: { env: 'development' }, server: { port: 8000 } })
})
