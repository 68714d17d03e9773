/** Tokens of a text, rough and on the safe side: names split into more pieces than prose. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / 3.3)
}
