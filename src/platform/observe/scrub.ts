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
export function scrubber(secrets: readonly string[]): (line: string) => string {
  const values = secrets
    .filter((value) => value.length >= 6)
    .flatMap((value) => [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)])
  const known = [...new Set(values)].toSorted((a, b) => b.length - a.length)
  return (line) => {
    let clean = line
    for (const value of known) clean = clean.replaceAll(value, '[secret]')
    for (const [shape, replacement] of shapes) clean = clean.replace(shape, replacement)
    return clean
  }
}
