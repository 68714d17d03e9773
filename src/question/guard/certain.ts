/**
 * What the grammar, or a step before this one, promises to be there. Where it is not, the statement is not the one it was taken
 * for: what this throws makes `judgeStatement` refuse it.
 */
export function certain<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('The statement is not the one it was taken for.')
  return value
}

/** The last of a list that has one. */
export function lastOf<T>(list: readonly T[]): T {
  return certain(list.at(-1))
}
