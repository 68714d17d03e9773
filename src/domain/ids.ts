/** A UUID version 7 (RFC 9562 §5.7): time-ordered, so that a table's newest rows lie together. */
export function newId(nowMs: number = Date.now()): string {
  if (nowMs !== latest.ms) latest = { ms: nowMs, prefix: prefixOf(nowMs) }
  // A version 4 UUID has the variant and more random bits than are needed; the runtime keeps a pool of them.
  return latest.prefix + crypto.randomUUID().slice(15)
}

/** Many are made in the same millisecond. */
let latest = { ms: Number.NaN, prefix: '' }

function prefixOf(ms: number): string {
  const time = Math.floor(ms).toString(16).padStart(12, '0').slice(-12)
  return `${time.slice(0, 8)}-${time.slice(8)}-7`
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** As ids are spelled here: in lower case. What is none is known to nobody, and PostgreSQL need not be asked. */
export function isUuid(text: string): boolean {
  return uuid.test(text)
}
