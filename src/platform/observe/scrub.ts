import type { Secret } from '../../domain/index.ts'

/** Shapes of secrets that no line may carry, whoever wrote it. */
const shapes: readonly (readonly [RegExp, string])[] = [
  [/\bais_[A-Za-z0-9_-]{16,}/g, '[secret]'],
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, '$1 [secret]'],
  [/\bsk-[A-Za-z0-9_-]{12,}/g, '[secret]'],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, '[secret]'],
  [/\b(pass(?:word|wd)?|pwd|secret|api_?key)=[^\s"&]+/gi, '$1=[secret]'],
  [/(\w:\/\/[^\s/:@"]*):[^\s/@"]+@/g, '$1:[secret]@'],
]

/** Replaces known secret values, and whatever has the shape of one. Values of a few characters would blind whole lines and are left to the shapes. */
export function scrubber(secrets: readonly Secret[]): (line: string) => string {
  let held: { readonly count: number; readonly spellings: readonly string[] } = { count: -1, spellings: [] }
  const known = (): readonly string[] => {
    const texts = secrets.map((secret) => secret.revealAll())
    const count = texts.reduce((sum, some) => sum + some.length, 0) // a secret that changes keeps what it was
    if (count !== held.count) held = { count, spellings: spellingsOf(texts.flat()) }
    return held.spellings
  }
  return (line) => {
    let clean = line
    for (const value of known()) clean = clean.replaceAll(value, '[secret]')
    for (const [shape, replacement] of shapes) clean = clean.replace(shape, replacement)
    return clean
  }
}

/** As they stand, in JSON, in a URL and in base64; the longest first. */
function spellingsOf(texts: readonly string[]): readonly string[] {
  const all = texts
    .filter((text) => text.length >= 6)
    .flatMap((text) => [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text), Buffer.from(text).toString('base64')])
  return [...new Set(all)].toSorted((a, b) => b.length - a.length)
}
