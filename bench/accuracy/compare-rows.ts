/** Rows alike as multisets, or in order where the gold statement orders; columns may stand in another order. */
export function areRowsAlike(gold: readonly (readonly unknown[])[], drafted: readonly (readonly unknown[])[], isOrdered: boolean): boolean {
  if (gold.length !== drafted.length) return false
  if (gold.length === 0) return true
  const width = gold[0]?.length ?? 0
  if ((drafted[0]?.length ?? 0) !== width) return false
  return permutations(width).some((order) =>
    isSame(
      gold,
      drafted.map((row) => order.map((at) => row[at])),
      isOrdered,
    ),
  )
}

function isSame(gold: readonly (readonly unknown[])[], drafted: readonly (readonly unknown[])[], isOrdered: boolean): boolean {
  const [a, b] = [gold.map(textOf), drafted.map(textOf)]
  if (isOrdered) return a.every((row, at) => row === b[at])
  const [x, y] = [a.toSorted(), b.toSorted()]
  return x.every((row, at) => row === y[at])
}

/** Numbers compare by value, to nine digits: an average may be computed in another order. */
function textOf(row: readonly unknown[]): string {
  return JSON.stringify(
    row.map((cell) => (typeof cell === 'string' && /^-?\d+(\.\d+)?$/.test(cell) ? Number(Number(cell).toPrecision(9)) : cell)),
  )
}

function permutations(width: number): number[][] {
  const identity = Array.from({ length: width }, (_, at) => at)
  if (width > 5) return [identity]
  return permute(identity)
}

function permute(items: readonly number[]): number[][] {
  if (items.length <= 1) return [[...items]]
  return items.flatMap((item, at) => permute([...items.slice(0, at), ...items.slice(at + 1)]).map((rest) => [item, ...rest]))
}
