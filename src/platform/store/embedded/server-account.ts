import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { ShellError } from '../../../domain/index.ts'
import { notWritable } from './data-dir-lock.ts'
import { areLinksWhole, hydrateSymlinks } from './postgres-binaries.ts'

/** The user PostgreSQL runs under. It refuses root, so root lends it a number without any other rights. */
export interface ServerAccount {
  readonly uid: number | undefined
  readonly gid: number | undefined
  /** Where the cluster's files lie. */
  readonly home: string
  /** The binaries, reachable for that user. */
  readonly binaries: string
}

/** Where a cluster and binaries go that a stranger could not reach in their own place. */
const reachableRoot = '/var/lib/aishell'

/** Makes `home` (and a copy of the binaries where needed) belong to the user the server will run under. */
export function prepareAccount(home: string, binaries: string): ServerAccount {
  try {
    return process.getuid?.() === 0 ? accountOfRoot(home, binaries) : ownAccount(home, binaries)
  } catch (cause) {
    if (cause instanceof ShellError) throw cause
    throw notWritable(home, cause)
  }
}

function ownAccount(home: string, binaries: string): ServerAccount {
  mkdirSync(home, { recursive: true, mode: 0o700 })
  accessSync(home, constants.W_OK)
  const owner = ownerOf(join(home, 'data'))
  if (owner !== null && owner !== process.getuid?.()) throw foreignCluster(home, owner)
  return { uid: undefined, gid: undefined, home, binaries: isComplete(binaries) ? binaries : copyBinaries(binaries, `${home}-binaries`) }
}

function accountOfRoot(home: string, binaries: string): ServerAccount {
  mkdirSync(dirname(home), { recursive: true })
  const reachable = isReachable(dirname(home)) ? home : join(reachableRoot, nameOf(home))
  // A cluster an ordinary user made stays that user's: PostgreSQL starts for the owner of its files only.
  const uid = ownerOf(join(reachable, 'data')) ?? unprivilegedUid()
  mkdirSync(reachable, { recursive: true })
  if (reachable !== home) chmodSync(reachableRoot, 0o755) // whatever the umask says
  chmodSync(reachable, 0o700)
  chownSync(reachable, uid, uid)
  const isUsable = isComplete(binaries) && isReachable(binaries) && isOpenToAll(join(binaries, 'bin', 'postgres'))
  return {
    uid,
    gid: uid,
    home: reachable,
    binaries: isUsable ? binaries : copyBinaries(binaries, join(reachableRoot, `postgres-${nameOf(binaries)}`)),
  }
}

function ownerOf(folder: string): number | null {
  const owner = process.getuid === undefined ? undefined : statSync(folder, { throwIfNoEntry: false })?.uid
  return owner === undefined || owner === 0 ? null : owner
}

/** initdb asks the system for the name of its user, so the number must have one; nobody's is on every system. */
function unprivilegedUid(): number {
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => Number(fields[2]) > 0)
  const uid = Number((users.find(([name]) => name === 'nobody') ?? users.at(-1))?.[2] ?? 0)
  if (uid > 0) return uid
  throw new ShellError({
    code: 'store.no-unprivileged-user',
    kind: 'failed',
    message: 'PostgreSQL refuses to run as root, and this system knows no other user.',
    hint: 'Start AI-Shell as an ordinary user, or set DB_HOST to a PostgreSQL of your own.',
  })
}

/** Every folder on the way must let strangers through; a checkout under /root does not. */
function isReachable(path: string): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

function isOpenToAll(file: string): boolean {
  return (statSync(file).mode & 0o005) === 0o005
}

function isComplete(binaries: string): boolean {
  return areLinksWhole(binaries) || tryToHydrate(binaries)
}

/** Packages installed by another user cannot be written to. */
function tryToHydrate(binaries: string): boolean {
  try {
    hydrateSymlinks(binaries)
    return true
  } catch {
    return false
  }
}

function nameOf(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 12)
}

/** A copy that is whole or not there; made anew when the package brings another version. */
function copyBinaries(binaries: string, target: string): string {
  const manifest = readFileSync(join(dirname(binaries), 'package.json'), 'utf8')
  const stamp = join(target, 'package.json')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === manifest) return join(target, 'native')
  const unfinished = `${target}.${process.pid}`
  cpSync(dirname(binaries), unfinished, { recursive: true, verbatimSymlinks: true })
  hydrateSymlinks(join(unfinished, 'native'))
  openToAll(unfinished)
  rmSync(target, { recursive: true, force: true })
  renameSync(unfinished, target)
  return join(target, 'native')
}

/** A strict umask at install time may have closed the files to everybody else. */
function openToAll(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isDirectory()) chmodSync(path, 0o755)
    else if (entry.isFile()) chmodSync(path, path.includes('/bin/') ? 0o755 : 0o644)
  }
}

function foreignCluster(home: string, owner: number): ShellError {
  return new ShellError({
    code: 'store.foreign-cluster',
    kind: 'denied',
    message: `The embedded database under ${home} belongs to another user (number ${owner}).`,
    hint: 'Start as that user or as root, or set DATA_DIR to a folder of your own.',
  })
}
