/**
 * What must never reach a terminal as it stands: C0 and C1 controls, escapes, bidirectional overrides, line separators
 * and invisible characters. A cell that could move the cursor or hide text would let a database forge what is seen.
 */
const unsafe =
  // oxlint-disable-next-line no-control-regex -- finding control characters is the point
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|[\ud800-\udfff]/gu

// oxlint-disable-next-line no-control-regex -- see above
const plainAscii = /^[\x20-\x7e]*$/

/** One line of text in which every control character is visible. */
export function printable(text: string): string {
  return plainAscii.test(text) ? text : text.replace(unsafe, (char) => pictureOf(char.codePointAt(0) ?? 0))
}

/** As `printable`, but line breaks stay breaks and tabs become spaces: for SQL and prose of several lines. */
export function printableLines(text: string): string[] {
  return text.split(/\r\n|\n|\r/).map((line) => printable(line.replaceAll('\t', '  ')))
}

function pictureOf(code: number): string {
  if (code === 0x0a) return '↵'
  if (code < 0x20) return String.fromCodePoint(0x2400 + code) // the control pictures ␀ … ␟
  if (code === 0x7f) return '␡'
  return `\\u{${code.toString(16)}}`
}
