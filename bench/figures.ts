/** The upper one of the two in the middle, where their number is even. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

export const round = (value: number, digits = 2): number => Number(value.toFixed(digits))
