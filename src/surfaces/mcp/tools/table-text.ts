import type { Cell } from '../../../contract/index.ts'

/** Tab-separated lines: the fewest tokens that still keep columns apart. NULL is `\N`, breaks inside a value are escaped. */
export function tableText(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [columns.map(escape).join('\t'), ...rows.map((row) => row.map((cell) => (cell === null ? '\\N' : escape(cell))).join('\t'))].join(
    '\n',
  )
}

function escape(text: string): string {
  return /[\t\n\r\\]/.test(text)
    ? text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r')
    : text
}
