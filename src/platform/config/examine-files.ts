import { accessSync, constants, mkdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Check } from '../../contract/index.ts'

/** Less room than this fills up in a busy hour. */
const leastFreeBytes = 256 * 1024 * 1024

/** Whether the folder can be written to, and has room. */
export function examineFolder(folder: string, freeBytes: (folder: string) => number = roomIn): Check {
  const name = 'data folder'
  const probe = join(folder, `.doctor-${process.pid}`)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(probe, 'x')
    rmSync(probe)
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    const hint =
      code === 'ENOSPC' ? 'Make room on its disk.' : 'Make it writable for the user of the server, or set DATA_DIR to a folder that is.'
    return { name, state: 'failed', detail: `${folder} cannot be written to (${code})`, hint }
  }
  const free = freeBytes(folder)
  if (free >= leastFreeBytes) return { name, state: 'ok', detail: `${folder} is writable` }
  return {
    name,
    state: 'failed',
    detail: `the disk of ${folder} is full: ${Math.floor(free / 1024 / 1024)} MiB are left`,
    hint: 'Make room on it, or move DATA_DIR.',
  }
}

function roomIn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

/** Files of secrets that others on the machine may read. */
export function examineSecretFiles(files: readonly { readonly name: string; readonly path: string }[]): readonly Check[] {
  return files.flatMap(({ name, path }) => {
    const mode = modeOf(path)
    if (mode === null || (mode & 0o007) === 0) return []
    const detail = `everybody on this machine may ${(mode & 0o002) === 0 ? 'read' : 'change'} ${path} (mode ${(mode & 0o777).toString(8)})`
    return [
      {
        name: `secret ${name}`,
        state: 'degraded' as const,
        detail,
        hint: `chmod 600 ${path}; with a Kubernetes Secret, set defaultMode to 0440.`,
      },
    ]
  })
}

function modeOf(path: string): number | null {
  try {
    return statSync(path).mode
  } catch {
    return null // that it is not there the settings have said
  }
}

/** Whether lines can be appended to the file; nothing is. */
export function examineAppending(name: string, path: string, setting: string): Check {
  try {
    const isThere = modeOf(path) !== null
    if (isThere && !statSync(path).isFile()) throw new Error('it is no file')
    accessSync(isThere ? path : existing(dirname(path)), constants.W_OK)
    return { name, state: 'ok', detail: `${path} can be appended to` }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return {
      name,
      state: 'failed',
      detail: `${path} cannot be appended to (${code ?? message})`,
      hint: `Make it writable for the user of the server, or change ${setting}.`,
    }
  }
}

/** The folder, or the nearest above it that is there: the rest is made. */
function existing(folder: string): string {
  const found = statSync(folder, { throwIfNoEntry: false })
  if (found?.isDirectory() === true) return folder
  if (found !== undefined) throw Object.assign(new Error('it is no folder'), { code: 'ENOTDIR' })
  return existing(dirname(folder))
}
