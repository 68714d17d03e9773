import { createHash } from 'node:crypto'

export const halves = ['tune', 'held-out'] as const
export type Half = (typeof halves)[number]

/**
 * Splits databases, not questions: ordered by the SHA-256 of their names, the first half (rounded down) is held out.
 * Whoever works on the drafter reads the errors of the tune half alone; a name's hash never changes, so neither does its half.
 */
export function halvesOf(databases: Iterable<string>): ReadonlyMap<string, Half> {
  const digest = (name: string): string => createHash('sha256').update(name).digest('hex')
  const sorted = [...databases].toSorted((a, b) => (digest(a) < digest(b) ? -1 : 1))
  return new Map(sorted.map((name, at) => [name, at < Math.floor(sorted.length / 2) ? 'held-out' : 'tune']))
}
