import { mkdtempSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ensureKeys, readSettings } from './index.ts'

function settings(dataDir: string, env: Record<string, string> = {}) {
  return readSettings({ env: { DATA_DIR: dataDir, CONFIG_DIR: dataDir, ...env }, version: '0' })
}

test('missing keys are made once, differ, and only their owner may read them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aishell-keys-'))
  const first = ensureKeys(settings(folder))
  const second = ensureKeys(settings(folder))
  expect(second.secretKey.reveal()).toBe(first.secretKey.reveal())
  expect(first.secretKey.reveal()).not.toBe(first.jwtSecret.reveal())
  expect(statSync(join(folder, 'keys', 'secret-key')).mode & 0o777).toBe(0o600)
})

test('given keys are used and none is written', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aishell-keys-'))
  const keys = ensureKeys(settings(folder, { SECRET_KEY: 'one', JWT_SECRET: 'two' }))
  expect([keys.secretKey.reveal(), keys.jwtSecret.reveal()]).toEqual(['one', 'two'])
  expect(() => statSync(join(folder, 'keys'))).toThrow('ENOENT')
})

test('a folder that cannot be used says so', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'aishell-keys-')), 'file')
  writeFileSync(file, '')
  expect(() => ensureKeys(settings(file, { CONFIG_DIR: tmpdir() }))).toThrow(/can neither be read nor made/)
})
