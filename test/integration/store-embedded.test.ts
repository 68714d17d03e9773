import { spawn, type ChildProcess } from 'node:child_process'
import { appendFileSync, chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, describe, expect, test } from 'vitest'
import { lockDataDir, startEmbeddedServer, type EmbeddedServer } from '../../src/platform/store/index.ts'
import { execute } from '../support/postgres-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'aishell-embedded-'))
chmodSync(folder, 0o755)
const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

interface Words {
  readonly ok: boolean
  readonly code?: string
  readonly message?: string
  readonly hint?: string
}

/** A process that holds a data folder; gives it and its first line. */
async function holder(dataDir: string, mode: 'lock' | 'serve', uid?: number): Promise<{ child: ChildProcess; words: Words }> {
  const script = join(import.meta.dirname, '..', 'support', 'embedded-holder.ts')
  const child = spawn(process.execPath, [script, dataDir, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  children.push(child)
  for await (const line of createInterface({ input: child.stdout })) return { child, words: JSON.parse(line) as Words }
  throw new Error('the holder said nothing')
}

async function killed(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}

const at = (server: EmbeddedServer) => ({ ...server, database: 'postgres', sslmode: 'disable' as const })
const pidOf = (home: string): number => Number(readFileSync(join(home, 'data', 'postmaster.pid'), 'utf8').split('\n')[0])

describe('an embedded server', () => {
  const home = join(folder, 'life', 'postgres')

  test('keeps its rows and its password from one start to the next', async () => {
    const first = await startEmbeddedServer({ home, isDurable: true })
    await execute(at(first), 'CREATE TABLE kept AS SELECT 1 AS one')
    await first.stop()
    const second = await startEmbeddedServer({ home, isDurable: true })
    expect((await execute(at(second), 'SELECT one FROM kept')).rows).toEqual([{ one: 1 }])
    expect(second.password.reveal()).toBe(first.password.reveal())
    await second.stop()
    expect(existsSync(join(home, 'data', 'postmaster.pid'))).toBe(false)
  })

  test('writes through to the disk unless it is a throwaway one', async () => {
    const server = await startEmbeddedServer({ home, isDurable: true })
    expect((await execute(at(server), 'SHOW fsync')).rows).toEqual([{ fsync: 'on' }])
    await server.stop()
  })

  test('recovers after its processes were killed with -9', async () => {
    const first = await startEmbeddedServer({ home, isDurable: true })
    await execute(at(first), 'INSERT INTO kept VALUES (2)')
    process.kill(pidOf(home), 'SIGKILL')
    const second = await startEmbeddedServer({ home, isDurable: true })
    expect((await execute(at(second), 'SELECT sum(one)::int AS sum FROM kept')).rows).toEqual([{ sum: 3 }])
    await second.stop()
  })

  test('is waited for while it recovers, however long that takes', async () => {
    const first = await startEmbeddedServer({ home, isDurable: true })
    await first.stop()
    // Every file that recovery asks the archive for takes half a second not to be there; until then the server turns everybody away.
    writeFileSync(join(home, 'data', 'recovery.signal'), '')
    appendFileSync(join(home, 'data', 'postgresql.auto.conf'), `hot_standby = off\nrestore_command = 'sleep 0.5; false'\n`)
    const second = await startEmbeddedServer({ home, isDurable: true, startTimeoutMs: 200 })
    expect((await execute(at(second), 'SELECT pg_is_in_recovery() AS recovers')).rows).toEqual([{ recovers: false }])
    await second.stop()
  })

  test('takes the place of an orphan whose own process was killed with -9', async () => {
    const dataDir = join(folder, 'life')
    const { child, words } = await holder(dataDir, 'serve')
    expect(words.ok).toBe(true)
    const orphan = pidOf(home)
    await killed(child)
    expect(() => process.kill(orphan, 0)).not.toThrow()
    const server = await startEmbeddedServer({ home, isDurable: true })
    expect(pidOf(home)).not.toBe(orphan)
    expect((await execute(at(server), 'SELECT count(*)::int AS rows FROM kept')).rows).toEqual([{ rows: 2 }])
    await server.stop()
  })

  test('waits for an earlier server that is dead and not buried yet by the process that started it', async () => {
    const { child } = await holder(join(folder, 'life'), 'serve')
    const earlier = pidOf(home)
    process.kill(earlier, 'SIGSTOP') // as where there is no time for it: it hears of its stop and does nothing
    child.kill('SIGSTOP')
    setTimeout(() => process.kill(earlier, 'SIGKILL'), 300)
    setTimeout(() => child.kill('SIGCONT'), 1_500)
    const server = await startEmbeddedServer({ home, isDurable: true })
    expect(pidOf(home)).not.toBe(earlier)
    await server.stop()
    await killed(child)
  })

  test('never stops a process that only got the number of an earlier server', async () => {
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    children.push(stranger)
    writeFileSync(join(home, 'data', 'postmaster.pid'), `${stranger.pid}\n${home}/data\n`)
    const server = await startEmbeddedServer({ home, isDurable: true })
    expect(stranger.exitCode).toBe(null)
    expect(stranger.signalCode).toBe(null)
    await server.stop()
    stranger.kill()
  })

  test('says so when its cluster was made by another major version', async () => {
    const version = join(home, 'data', 'PG_VERSION')
    const found = readFileSync(version, 'utf8')
    writeFileSync(version, '14\n')
    await expect(startEmbeddedServer({ home, isDurable: true })).rejects.toMatchObject({
      code: 'store.cluster-version',
      message: expect.stringContaining('made by PostgreSQL 14') as string,
    })
    writeFileSync(version, found)
  })
})

describe('a data folder', () => {
  test('belongs to one server at a time, and to the next one when that is killed with -9', async () => {
    const dataDir = join(folder, 'locked')
    const first = await holder(dataDir, 'lock')
    const second = await holder(dataDir, 'lock')
    expect(second.words).toMatchObject({ ok: false, code: 'store.data-dir-in-use' })
    expect(second.words.message).toContain(`process ${first.child.pid}`)
    await killed(first.child)
    const third = await holder(dataDir, 'lock')
    expect(third.words.ok).toBe(true)
  })

  test('is free again after the server has let go', () => {
    const dataDir = join(folder, 'released')
    mkdirSync(dataDir)
    const release = lockDataDir(dataDir)
    expect(() => lockDataDir(dataDir)).toThrow('already running')
    release()
    release()
    lockDataDir(dataDir)()
  })

  test.skipIf(process.getuid?.() !== 0)('that cannot be written to is named (needs root to become another user)', async () => {
    const dataDir = join(folder, 'closed')
    mkdirSync(dataDir, { mode: 0o755 })
    const { words } = await holder(dataDir, 'serve', 65_534)
    expect(words).toMatchObject({ ok: false, code: 'store.data-dir-not-writable' })
    expect(words.message).toContain(dataDir)
  })

  test.skipIf(process.getuid?.() !== 0)('made by an ordinary user serves root too (needs root to become another user)', async () => {
    const parent = join(folder, 'ordinary')
    mkdirSync(parent)
    chmodSync(parent, 0o777)
    const dataDir = join(parent, 'data')
    const { child, words } = await holder(dataDir, 'serve', 65_534)
    expect(words.ok).toBe(true)
    await killed(child)
    const server = await startEmbeddedServer({ home: join(dataDir, 'postgres'), isDurable: true })
    expect((await execute(at(server), 'SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await server.stop()
  })
})
