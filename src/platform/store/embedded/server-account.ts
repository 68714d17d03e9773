import { chownSync, cpSync, existsSync, mkdirSync, statSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { basename, dirname, join } from 'node:path'

/** The user PostgreSQL runs under. It refuses root, so root lends it a number without any other rights. */
export interface ServerAccount {
  readonly uid: number | undefined
  readonly gid: number | undefined
  /** Where the cluster's files lie. */
  readonly home: string
  /** The binaries, reachable for that user. */
  readonly binaries: string
}

const unprivileged = 65534
const sharedHome = '/var/lib/aishell'

/** Makes `home` (and a copy of the binaries where needed) belong to the user the server will run under. */
export function prepareAccount(home: string, binaries: string): ServerAccount {
  if (process.getuid?.() !== 0) {
    mkdirSync(home, { recursive: true, mode: 0o700 })
    return { uid: undefined, gid: undefined, home, binaries }
  }
  const reachableHome = isReachable(dirname(home)) ? home : join(sharedHome, createHash('sha256').update(home).digest('hex').slice(0, 12))
  mkdirSync(dirname(reachableHome), { recursive: true })
  mkdirSync(reachableHome, { recursive: true, mode: 0o700 })
  chownSync(reachableHome, unprivileged, unprivileged)
  return { uid: unprivileged, gid: unprivileged, home: reachableHome, binaries: isReachable(binaries) ? binaries : copyBinaries(binaries) }
}

/** Every folder on the way must let strangers through; a checkout under /root does not. */
function isReachable(path: string): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

function copyBinaries(binaries: string): string {
  const version = createHash('sha256').update(binaries).digest('hex').slice(0, 12)
  const target = join(sharedHome, `postgres-${version}`, basename(binaries))
  const isWhole =
    existsSync(join(target, 'bin', 'postgres')) &&
    statSync(join(target, 'bin', 'postgres')).size === statSync(join(binaries, 'bin', 'postgres')).size
  if (!isWhole) cpSync(binaries, target, { recursive: true, verbatimSymlinks: true })
  return target
}
