import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ShellError } from '../../../domain/index.ts'

/** Makes DATA_DIR and checks that it can be written to. */
export function ensureDataDir(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true })
    writeFileSync(join(dataDir, '.writable'), '')
    rmSync(join(dataDir, '.writable'))
  } catch (cause) {
    throw new ShellError({
      code: 'store.data-dir-not-writable',
      kind: 'failed',
      message: `AI-Shell cannot write to its data folder ${dataDir}.`,
      hint: 'Make the folder writable for this user, or set DATA_DIR to another one.',
      cause,
    })
  }
}

/** One server per DATA_DIR. The lock names a process; a lock whose process is gone (kill -9, power cut) is taken over. */
export function lockDataDir(dataDir: string): () => void {
  const path = join(dataDir, 'server.pid')
  const holder = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0
  if (holder !== process.pid && isServer(holder)) {
    throw new ShellError({
      code: 'store.data-dir-in-use',
      kind: 'conflict',
      message: `AI-Shell is already running on ${dataDir} (process ${holder}).`,
      hint: `Talk to that one (aishell ask …), stop it (kill ${holder}), or start a second one with another DATA_DIR and PORT.`,
    })
  }
  writeFileSync(path, String(process.pid), { mode: 0o600 })
  return () => rmSync(path, { force: true })
}

/** A process of that number that is one of ours: numbers are used again after a restart of the machine. */
function isServer(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' // alive, but somebody else's
  }
  try {
    return /node|aishell/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
  } catch {
    return true // no /proc here (macOS): alive is all we know
  }
}
