import stringWidth from 'string-width'

/** Letters that take one column each, whatever stands beside them: ASCII, Latin, Greek, Cyrillic. */
const narrow = /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u0370-\u0482\u048a-\u052f]*$/
const graphemes = new Intl.Segmenter()

/** Columns a text takes on the screen. Narrow letters are counted, not measured: string-width costs some 100 times as much. */
export function widthOf(text: string): number {
  return narrow.test(text) ? text.length : stringWidth(text)
}

export function padTo(text: string, width: number, align: 'left' | 'right'): string {
  const gap = width - widthOf(text)
  if (gap <= 0) return text
  return align === 'left' ? text + ' '.repeat(gap) : ' '.repeat(gap) + text
}

/** At most `width` columns; what is cut ends in `…`. */
export function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  return width < 1 ? '' : `${sliceColumns(text, 0, width - 1)}…`
}

/** The part of a text that lies in screen columns `from` to `to`; a wide character cut in half becomes a space. */
export function sliceColumns(text: string, from: number, to: number): string {
  if (narrow.test(text)) return text.slice(from, to)
  let at = 0
  let out = ''
  for (const { segment } of graphemes.segment(text)) {
    const width = stringWidth(segment)
    if (at >= to) break
    if (at >= from && at + width <= to) out += segment
    else if (at + width > from) out += ' '.repeat(Math.min(at + width, to) - Math.max(at, from))
    at += width
  }
  return out
}
