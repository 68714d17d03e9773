import { deniedFunctions, readFunctions, reservedBefore } from './function-exceptions.ts'
import { mariadbFunctions, mariadbReserved } from './mariadb-words.ts'
import { mysqlFunctions, mysqlReserved } from './mysql-words.ts'

export type Profile = 'mysql' | 'mariadb'

const words = (...texts: readonly string[]): string[] => texts.flatMap((text) => text.trim().split(/\s+/))
const denied = new Set(deniedFunctions.flatMap(([names]) => words(names)))
const allowed = (...texts: readonly string[]): ReadonlySet<string> => new Set(words(...texts).filter((name) => !denied.has(name)))
const built = {
  mariadb: allowed(mariadbFunctions, readFunctions.both, readFunctions.mariadb),
  mysql: allowed(mysqlFunctions, readFunctions.both, readFunctions.mysql),
}
const reserved = { mariadb: new Set(words(mariadbReserved)), mysql: new Set(words(mysqlReserved, reservedBefore)) }

/** true: one of the server's own functions that only computes. Names are in upper case. */
export function isReadFunction(profile: Profile, name: string): boolean {
  return built[profile].has(name)
}

/** true: one of the server's own that a read may not call. */
export function isDeniedFunction(name: string): boolean {
  return denied.has(name)
}

/** Cannot be a name unless quoted or behind a dot. A parser that takes one for a name reads another statement than the server. */
export function isReserved(profile: Profile, name: string): boolean {
  return reserved[profile].has(name)
}
