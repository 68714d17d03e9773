import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { HistoryFile, holdsSecret } from './history-file.ts'

async function place(): Promise<string> {
  return join(await mkdtemp(join(tmpdir(), 'aishell-history-')), 'deep', 'history')
}

describe('the history file', () => {
  test('keeps whole inputs for the next shell, newest first, readable by its owner alone', async () => {
    const path = await place()
    const first = new HistoryFile(path)
    await first.add('how many orders?')
    await first.add('select 1\nfrom x;')
    await first.add("select '\\n'")
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const second = new HistoryFile(path)
    await second.load()
    expect(second.recall).toEqual(["select '\\n'", 'select 1 from x;', 'how many orders?'])
  })

  test('narrows a file that others could read', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'aishell-history-')), 'history')
    await writeFile(path, 'old\n', { mode: 0o644 })
    await new HistoryFile(path).load()
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  test('forgets secrets and repetitions', async () => {
    const path = await place()
    const history = new HistoryFile(path)
    for (const input of ['a', 'a', "alter role x password 'hunter2'", ' private']) await history.add(input)
    expect(await readFile(path, 'utf8')).toBe('a\n')
  })

  test('goes without a file that cannot be written', async () => {
    const history = new HistoryFile(join(import.meta.filename, 'history'))
    await history.load()
    await history.add('a')
    expect(history.recall).toEqual(['a'])
  })
})

test.each([
  "create user x password 'y'",
  'token=abc',
  'postgres://me:pw@host/db',
  'Authorization: Bearer abcdefghijkl',
  `why is ${['sk', 'abcdefghijklmnopqrstuvwx'].join('-')} refused`,
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc',
  'api_key: 123',
])('%j holds a secret', (input) => expect(holdsSecret(input)).toBe(true))

test.each(['how many tokens were used', 'which customers reset their password', "select * from t where name = 'x'"])(
  '%j holds none',
  (input) => expect(holdsSecret(input)).toBe(false),
)
