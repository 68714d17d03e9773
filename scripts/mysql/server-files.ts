import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keep, toolCache } from '../chart/tools.ts'

/**
 * A MySQL server with all its libraries, unpacked from Debian's unstable into the user's cache: stable Debian ships MariaDB alone,
 * and nothing of this is installed on the machine. Packages come through apt, which checks Debian's signature.
 */
export interface MysqlFiles {
  readonly version: string
  /** Holds `usr/sbin/mysqld`, `usr/lib` and `usr/share/mysql`. */
  readonly folder: string
}

const cache = join(toolCache, 'mysql')
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'
const libraries = 'usr/lib/x86_64-linux-gnu'

/** null: not fetched yet. */
export function findMysqlFiles(): MysqlFiles | null {
  const whole = existsSync(cache) ? readdirSync(cache).filter((name) => /^\d+(\.\d+)+$/.test(name)) : []
  const version = whole.toSorted().at(-1)
  return version === undefined ? null : { version, folder: join(cache, version) }
}

/** Fetches about 60 MB where they are missing. Throws with the reason where this machine cannot. */
export function fetchMysqlFiles(): MysqlFiles {
  const found = findMysqlFiles()
  if (found !== null) return found
  if (process.arch !== 'x64' || spawnSync('apt-get', ['--version']).status !== 0 || !existsSync(keyring))
    throw new Error('A MySQL server is fetched with Debian’s apt-get, on x86-64 alone; this machine has none.')
  const work = mkdtempSync(join(tmpdir(), 'aishell-mysql-fetch-'))
  try {
    const unpacked = unpack(download(work), join(work, 'root'))
    const version = /(\d+\.\d+\.\d+)/.exec(execFileSync(...commandOf(unpacked, ['--version']), { encoding: 'utf8' }))?.[1] ?? 'unknown'
    return { version, folder: keep(unpacked, join(cache, version)) }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** The program with its own loader and libraries: those of the machine are older than it needs. */
export function commandOf(folder: string, args: readonly string[]): [string, string[]] {
  const loader = join(folder, libraries, 'ld-linux-x86-64.so.2')
  return [loader, ['--library-path', join(folder, libraries), join(folder, 'usr/sbin/mysqld'), ...args]]
}

/** An apt of its own, which knows of no installed package, so that every library is among what it brings. */
function download(work: string): readonly string[] {
  for (const folder of ['state/lists/partial', 'cache/archives/partial']) mkdirSync(join(work, folder), { recursive: true })
  writeFileSync(join(work, 'status'), '')
  writeFileSync(join(work, 'sources.list'), `deb [signed-by=${keyring}] http://deb.debian.org/debian unstable main\n`)
  const options = [
    ...[`Dir::State=${work}/state`, `Dir::State::status=${work}/status`, `Dir::Cache=${work}/cache`],
    ...[`Dir::Etc::SourceList=${work}/sources.list`, 'Dir::Etc::SourceParts=/nonexistent', 'Debug::NoLocking=1'],
    ...['APT::Sandbox::User=', 'Acquire::Languages=none', 'Acquire::Retries=3'],
  ].flatMap((option) => ['-o', option])
  const apt = (...args: readonly string[]) =>
    execFileSync('apt-get', [...options, '-qq', ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
  apt('update')
  apt('install', '-y', '--no-install-recommends', '--download-only', 'mysql-server-core')
  const folder = join(work, 'cache/archives')
  return readdirSync(folder).flatMap((name) => (name.endsWith('.deb') ? [join(folder, name)] : []))
}

/** What the server needs of the packages: programs and libraries, not perl and papers. */
function unpack(packages: readonly string[], root: string): string {
  mkdirSync(root)
  for (const one of packages) if (!/\/(lib)?perl[^/]*$/.test(one)) execFileSync('dpkg-deb', ['--extract', one, root])
  for (const folder of ['etc', 'usr/share/doc', 'usr/share/man', 'usr/share/locale'])
    rmSync(join(root, folder), { recursive: true, force: true })
  return root
}
