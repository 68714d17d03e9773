import { realpath, stat } from 'node:fs/promises'
import { isAbsolute, relative, resolve } from 'node:path'
import { ShellError } from '../../../domain/index.ts'
import type { EngineTarget } from '../engine.ts'

export type SqliteTarget = Extract<EngineTarget, { engine: 'sqlite' }>

/**
 * The file's real path, if it is a plain file inside one of the directories the operator has opened, symbolic links
 * followed. Outside of them nothing is looked at, so that nobody learns what exists there.
 */
export async function pinFile(file: string, allowedDirectories: readonly string[]): Promise<string> {
  const directories = await Promise.all(allowedDirectories.map(realDirectory))
  const asked = resolve(file)
  const opened = allowedDirectories.map((directory) => resolve(directory))
  if (file.includes('\0') || ![...opened, ...directories].some((directory) => isInside(directory, asked))) throw outside()
  const real = await realpath(asked).catch((cause: unknown) => {
    throw missing(cause)
  })
  if (!directories.some((directory) => isInside(directory, real))) throw outside()
  if (!(await stat(real)).isFile()) throw missing(undefined)
  return real
}

async function realDirectory(directory: string): Promise<string> {
  return await realpath(directory).catch(() => resolve(directory)) // one that is not there yet opens nothing
}

function isInside(directory: string, path: string): boolean {
  const way = relative(directory, path)
  return way !== '' && way !== '..' && !/^\.\.[\\/]/.test(way) && !isAbsolute(way)
}

function outside(): ShellError {
  return new ShellError({
    code: 'engines.file-refused',
    kind: 'denied',
    message: 'The file does not lie in a directory that connections may open.',
    hint: 'An operator can open a directory for SQLite files in the settings.',
  })
}

function missing(cause: unknown): ShellError {
  return new ShellError({
    code: 'engines.file-missing',
    kind: 'missing',
    message: 'There is no SQLite file at the path of this connection.',
    hint: 'Check the path; AI-Shell never creates the file.',
    ...(cause === undefined ? {} : { cause }),
  })
}
