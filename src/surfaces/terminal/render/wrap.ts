import { widthOf } from './width.ts'

/** Our own colours, which take no room. */
// oxlint-disable-next-line no-control-regex -- the escape character begins every colour
const colours = /\x1b\[\d+m/g

/** Breaks a line of prose at spaces so that no word is torn by the screen's edge; what goes on is indented as the line is. */
export function wrapLine(line: string, columns: number | null): string[] {
  if (columns === null || widthOf(line.replace(colours, '')) <= columns) return [line]
  const indent = /^ */.exec(line)?.[0] ?? ''
  const lines: string[] = []
  let current = indent
  let width = indent.length
  for (const word of line.slice(indent.length).split(' ')) {
    const wordWidth = widthOf(word.replace(colours, ''))
    if (width > indent.length && width + 1 + wordWidth > columns) {
      lines.push(current)
      current = `${indent}${word}`
      width = indent.length + wordWidth
    } else {
      const gap = width === indent.length ? '' : ' '
      current += gap + word
      width += gap.length + wordWidth
    }
  }
  return [...lines, current]
}
