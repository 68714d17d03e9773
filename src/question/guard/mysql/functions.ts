import { builtInNames, reservedNames } from './function-list.ts'
import { deniedFunctions, readFunctions } from './function-exceptions.ts'

export type Profile = 'mysql' | 'mariadb'

const words = (text: string): string[] => text.trim().split(/\s+/)
const denied = new Set(deniedFunctions.flatMap(([names]) => words(names)))
const built = {
  mariadb: new Set(
    [...words(builtInNames.mariadb), ...words(readFunctions.both), ...words(readFunctions.mariadb)].filter((name) => !denied.has(name)),
  ),
  mysql: new Set([...words(readFunctions.both), ...words(readFunctions.mysql)].filter((name) => !denied.has(name))),
}
const reserved = { mariadb: new Set(words(reservedNames.mariadb)), mysql: new Set(words(reservedNames.mysql)) }

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
