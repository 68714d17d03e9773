/** What JSON can carry. A field that is undefined is left out. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined }

/**
 * One spelling of a value: keys sorted by code unit, no white space (RFC 8785 for the numbers and texts JavaScript makes).
 * Reading the text and writing it again gives the same bytes, so a MAC over it can be checked from parsed JSON. It has no line
 * feed.
 */
export function canonicalJson(value: Json): string {
  if (isInOrder(value)) return JSON.stringify(value) // three times as fast as any way of ours
  return isList(value) ? list(value) : object(value as JsonObject) // nothing else can be out of order
}

interface JsonObject {
  readonly [key: string]: Json | undefined
}

function isInOrder(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (isList(value)) return value.every(isInOrder)
  let last = ''
  for (const key in value) {
    if (key < last) return false
    last = key
    const field = value[key]
    if (typeof field === 'object' && !isInOrder(field)) return false
  }
  return true
}

function object(value: JsonObject): string {
  const keys = sort(Object.keys(value))
  let text = '{'
  for (const key of keys) {
    const field = value[key]
    if (field !== undefined) text += `${text === '{' ? '' : ','}${quotedKey(key)}:${canonicalJson(field)}`
  }
  return `${text}}`
}

function list(items: readonly Json[]): string {
  let text = '['
  for (const item of items) text += text === '[' ? canonicalJson(item) : `,${canonicalJson(item)}`
  return `${text}]`
}

/** Beyond it the general way is the faster one. */
const fewKeys = 40

/** In place, by insertion: a link's objects have a dozen keys and are in order for the most part. */
function sort(keys: string[]): string[] {
  if (keys.length > fewKeys) return keys.sort() // oxlint-disable-line unicorn/no-array-sort -- a list of our own
  for (let at = 1; at < keys.length; at++) {
    const key = keys[at] as string // in range, as are the others
    let to = at
    for (; to > 0 && (keys[to - 1] as string) > key; to--) keys[to] = keys[to - 1] as string
    keys[to] = key
  }
  return keys
}

/** The same few hundred keys come with every link. */
const quotedKeys = new Map<string, string>()
const mostKeys = 1_000

function quotedKey(key: string): string {
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
