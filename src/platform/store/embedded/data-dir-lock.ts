import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { ShellError } from '../../../domain/index.ts'

/** Makes DATA_DIR and checks that it can be written to. */
export function ensureDataDir(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true })
    writeFileSync(join(dataDir, '.writable'), '')
    rmSync(join(dataDir, '.writable'))
  } catch (cause) {
    throw notWritable(dataDir, cause)
  }
}

/**
 * One server per DATA_DIR. The lock is the kernel's, held through an SQLite file: it ends with its process however that
 * ends, and a process number that came again (every container has its own small ones) is never taken for a server.
 */
export function lockDataDir(dataDir: string): () => void {
  const lock = takeLock(dataDir)
  const pidFile = join(dataDir, 'server.pid')
  writeFileSync(pidFile, String(process.pid), { mode: 0o600 })
  return () => {
    if (!lock.isOpen) return
    rmSync(pidFile, { force: true })
    lock.close()
  }
}

const sqliteBusy = 5

function takeLock(dataDir: string): DatabaseSync {
  let lock: DatabaseSync | null = null
  try {
    lock = new DatabaseSync(join(dataDir, 'server.lock'), { timeout: 0 })
    lock.exec('BEGIN EXCLUSIVE')
    return lock
  } catch (cause) {
    lock?.close()
    throw (cause as { errcode?: number }).errcode === sqliteBusy ? inUse(dataDir) : notWritable(dataDir, cause)
  }
}

function inUse(dataDir: string): ShellError {
  const pid = readPid(dataDir)
  const [who, kill] = pid === null ? ['', 'stop it'] : [` (process ${pid})`, `stop it (kill ${pid})`]
  return new ShellError({
    code: 'store.data-dir-in-use',
    kind: 'conflict',
    message: `AI-Shell is already running on ${dataDir}${who}.`,
    hint: `Talk to that one (aishell ask …), ${kill}, or start a second one with another DATA_DIR and PORT.`,
  })
}

function readPid(dataDir: string): string | null {
  try {
    return readFileSync(join(dataDir, 'server.pid'), 'utf8')
  } catch {
    return null // it is just starting
  }
}

export function notWritable(folder: string, cause: unknown): ShellError {
  return new ShellError({
    code: 'store.data-dir-not-writable',
    kind: 'failed',
    message: `AI-Shell cannot write to its data folder ${folder}.`,
    hint: 'Make the folder writable for this user, or set DATA_DIR to another one.',
    cause,
  })
}
