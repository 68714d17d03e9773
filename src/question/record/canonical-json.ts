/** What JSON can carry. A field that is undefined is left out. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined }

/**
 * One spelling of a value: keys sorted by code unit, no white space (RFC 8785 for the numbers and texts JavaScript makes).
 * Reading the text and writing it again gives the same bytes, so a MAC over it can be checked from parsed JSON.
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (isList(value)) return list(value)
  const keys = Object.keys(value)
  let isSorted = true
  for (let at = 1; at < keys.length && isSorted; at++) isSorted = (keys[at - 1] as string) < (keys[at] as string) // both in range
  if (!isSorted) keys.sort() // oxlint-disable-line unicorn/no-array-sort -- a list of our own; a copy of each costs a tenth of a link
  let text = '{'
  for (const key of keys) {
    const field = value[key]
    if (field !== undefined) text += `${text === '{' ? '' : ','}${quoted(key)}:${canonicalJson(field)}`
  }
  return `${text}}`
}

function list(items: readonly Json[]): string {
  let text = '['
  for (const item of items) text += text === '[' ? canonicalJson(item) : `,${canonicalJson(item)}`
  return `${text}]`
}

/** The same few hundred keys come with every link. */
const quotedKeys = new Map<string, string>()
const mostKeys = 1_000

function quoted(key: string): string {
  const known = quotedKeys.get(key)
  if (known !== undefined) return known
  const fresh = JSON.stringify(key)
  if (quotedKeys.size < mostKeys) quotedKeys.set(key, fresh)
  return fresh
}

/** `Array.isArray` does not narrow readonly arrays. */
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
