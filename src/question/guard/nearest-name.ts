import { lastOf } from './certain.ts'

/** The candidate that a misspelt name most likely meant, or null when none is near. */
export function nearestName(name: string, candidates: Iterable<string>): string | null {
  const wanted = name.toLowerCase()
  let best: string | null = null
  let bestDistance = Math.max(2, Math.floor(wanted.length / 3)) + 1
  for (const candidate of candidates) {
    const other = candidate.toLowerCase()
    const isPlural = other === `${wanted}s` || wanted === `${other}s`
    if (!isPlural && Math.abs(other.length - wanted.length) >= bestDistance) continue
    const distance = isPlural ? 0 : editDistance(wanted, other)
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

/** Levenshtein distance, row by row: a cell goes by the ones above it, left of it and between these two. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    let [between, left] = [i, i]
    row = row.map((above, j) => {
      left = Math.min(above + 1, left + 1, between + (a[i - 1] === b[j - 1] ? 0 : 1))
      between = above
      return left
    })
  }
  return lastOf(row)
}
