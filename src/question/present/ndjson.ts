import type { Cell, ResultColumn } from '../../contract/index.ts'

/** One JSON object per line. Numbers keep the server's digits: they are written as text, never through a double. */
export function ndjsonRows(columns: readonly ResultColumn[], rows: readonly (readonly Cell[])[]): string {
  const keys = uniqueNames(columns).map((name) => JSON.stringify(name))
  let text = ''
  for (const row of rows) {
    const fields = row.map((cell, at) => `${keys[at]}:${jsonCell(cell, columns[at])}`)
    text += `{${fields.join(',')}}\n`
  }
  return text
}

/** A result may name two columns alike; JSON readers would keep only the last. */
function uniqueNames(columns: readonly ResultColumn[]): string[] {
  const seen = new Map<string, number>()
  return columns.map(({ name }) => {
    const times = (seen.get(name) ?? 0) + 1
    seen.set(name, times)
    return times === 1 ? name : `${name}_${times}`
  })
}

function jsonCell(cell: Cell, column: ResultColumn | undefined): string {
  if (cell === null) return 'null'
  switch (column?.kind) {
    case 'number':
      return isJsonNumber(cell) ? cell : JSON.stringify(cell) // NaN and infinity have no JSON number
    case 'boolean':
      return cell === 'true' || cell === 'false' ? cell : JSON.stringify(cell)
    case 'json':
      return isOneLineJson(cell) ? cell : JSON.stringify(cell)
    default:
      return JSON.stringify(cell)
  }
}

function isJsonNumber(text: string): boolean {
  return /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)
}

function isOneLineJson(text: string): boolean {
  if (text.includes('\n')) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
