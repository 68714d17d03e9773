import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { Secret, signedLifeMs, signingRing } from '../../domain/index.ts'
import { readSettings } from './index.ts'
import { SecretFile } from './secret-file.ts'

let [folder, nowMs] = ['', 0]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aishell-secret-'))
})

function open(name: string, check?: (text: string) => string | null): SecretFile {
  return new SecretFile({ name: 'IT', path: join(folder, name), nowMs: () => nowMs, ...(check === undefined ? {} : { check }) })
}

function later(): void {
  nowMs += 1_000
}

describe('a secret in a file', () => {
  test('is read again when Kubernetes swaps the link to the folder it is in', () => {
    const publish = (version: string, text: string): void => {
      mkdirSync(join(folder, version))
      writeFileSync(join(folder, version, 'key'), `${text}\n`)
      symlinkSync(version, join(folder, '..data_tmp'))
      renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
    }
    publish('..one', 'first')
    symlinkSync(join('..data', 'key'), join(folder, 'key'))
    const file = open('key')
    expect(file.current()).toBe('first')
    publish('..two', 'second')
    later()
    expect(file.current()).toBe('second')
    rmSync(join(folder, '..one'), { recursive: true })
    expect(file.known()).toEqual(['second', 'first'])
  })

  test('that signs is believed as it was for as long as anything lives that it signed, and where others are named only while files are read', () => {
    writeFileSync(join(folder, 'key'), 'first')
    writeFileSync(join(folder, 'old'), 'to come')
    const [key, old] = [new Secret(open('key')), new Secret(open('old'))]
    writeFileSync(join(folder, 'key'), 'second')
    later()
    expect(signingRing(key, null)).toEqual(['second', 'first'])
    expect(signingRing(key, old)).toEqual(['second', 'first', 'to come'])
    nowMs += 5_000
    expect(signingRing(key, null)).toEqual(['second', 'first'])
    expect(signingRing(key, old)).toEqual(['second', 'to come'])
    nowMs += signedLifeMs
    expect(signingRing(key, null)).toEqual(['second'])
    expect(key.revealAll()).toEqual(['second', 'first']) // still kept out of logs
    writeFileSync(join(folder, 'key'), 'first')
    later()
    expect(signingRing(key, null)).toEqual(['first', 'second'])
  })

  test('is read again when it is written in place, or another is put in its place', () => {
    writeFileSync(join(folder, 'key'), 'first')
    const file = open('key')
    writeFileSync(join(folder, 'key'), 'secnd')
    later()
    expect(file.current()).toBe('secnd')
    writeFileSync(join(folder, 'new'), 'third')
    renameSync(join(folder, 'new'), join(folder, 'key'))
    later()
    expect(file.current()).toBe('third')
  })

  test.each([
    ['gone', () => unlinkSync(join(folder, 'key')), /cannot be read \(ENOENT\)/],
    ['empty', () => writeFileSync(join(folder, 'key'), '\n'), /is empty/],
    ['refused', () => writeFileSync(join(folder, 'key'), 'weak'), /is weak/],
  ])('that is %s leaves the text as it was, and says so', (_how, spoil, problem) => {
    writeFileSync(join(folder, 'key'), 'first')
    const file = open('key', (text) => (text === 'weak' ? 'is weak' : null))
    spoil()
    later()
    expect(file.current()).toBe('first')
    expect(file.problem()).toMatch(problem)
    writeFileSync(join(folder, 'key'), 'second')
    later()
    expect([file.current(), file.problem()]).toEqual(['second', null])
  })
})

describe('a password that a connection refers to', () => {
  const secretAt = (items: string, env: Record<string, string> = {}) =>
    readSettings({ version: '1', env: { CONFIG_DIR: folder, CONNECTION_SECRET_SOURCES: items, ...env } }).secretAt
  const wanted = (reference: string, tenant = 'default', host = 'db') => ({ tenant, reference, host })

  test('is found where an item names its variable or file', () => {
    writeFileSync(join(folder, 'shop'), 'from a file\n')
    const at = secretAt(`env:SHOP_PASSWORD, file:${folder}/*`, { SHOP_PASSWORD: 'from the environment' })
    expect(at(wanted('env:SHOP_PASSWORD'))?.reveal()).toBe('from the environment')
    expect(at(wanted(`file:${folder}/shop`))?.reveal()).toBe('from a file')
  })

  test.each([
    ['a variable no item names', 'env:OTHER'],
    ['a variable of the server’s own', 'env:SECRET_KEY'],
    ['the file of one of the server’s own', 'env:SECRET_KEY_FILE'],
    ['a file beside the folder', 'file:FOLDER/../other'],
    ['a file under a folder in it', 'file:FOLDER/deep/shop'],
    ['a link that leads out of it', 'file:FOLDER/link'],
    ['a file that is not there', 'file:FOLDER/nothing'],
    ['something of another kind', 'vault:x'],
  ])('is not found at %s', (_what, reference) => {
    mkdirSync(join(folder, 'in', 'deep'), { recursive: true })
    writeFileSync(join(folder, 'other'), 'not theirs')
    writeFileSync(join(folder, 'in', 'deep', 'shop'), 'not theirs')
    symlinkSync(join(folder, 'other'), join(folder, 'in', 'link'))
    const env = { OTHER: 'not theirs', SECRET_KEY: 'a key of the server itself, not theirs' }
    const at = secretAt(`file:${folder}/in/*,env:S*`, env)
    expect(at(wanted(reference.replace('FOLDER', `${folder}/in`)))).toBeNull()
  })

  test('belongs to the tenant of its item, and goes to the host of its item only', () => {
    const at = secretAt('acme=env:ACME_DB@db.acme', { ACME_DB: 'x' })
    expect(at(wanted('env:ACME_DB', 'acme', 'DB.acme'))?.reveal()).toBe('x')
    expect(at(wanted('env:ACME_DB', 'acme', 'elsewhere'))).toBeNull()
    expect(at(wanted('env:ACME_DB', 'default', 'db.acme'))).toBeNull()
  })

  test('is allowed by items that can be read only', () => {
    for (const wrong of ['*', 'env:', 'file:shop', 'file:/a/../b', 'file:/a*', 'vault:x', 'Acme=env:X'])
      expect(() => secretAt(wrong)).toThrow(/CONNECTION_SECRET_SOURCES/)
  })
})
