import { ShellError } from '../../../domain/index.ts'
import type { CopyFormat } from '../engine.ts'
import { resultColumn } from './column-kind.ts'
import type { FieldDescription } from './wire-messages.ts'

/** What COPY (…) takes; an EXPLAIN or SHOW goes through the portal instead. */
export function isCopyable(sql: string): boolean {
  return /^(?:\s|--[^\n\r]*[\n\r]|\/\*(?:[^*/]|\*(?!\/)|\/(?!\*))*\*\/|\()*(?:select|with|values|table)\b/i.test(sql)
}

/**
 * COPY around a judged statement. The statement stands on lines of its own, so that a comment at its end cannot swallow
 * the bracket; where COPY would spell a value otherwise than `contract/cell.ts`, a select around it casts to text.
 */
export function copyText(sql: string, fields: readonly FieldDescription[], format: CopyFormat): string {
  const inner = `\n${stripSemicolon(sql)}\n`
  if (format === 'ndjson') return `COPY (${jsonSelect(inner, fields)}) TO STDOUT (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')`
  return `COPY (${fields.some(isBoolean) ? csvSelect(inner, fields) : inner}) TO STDOUT (FORMAT csv, HEADER)`
}

function csvSelect(inner: string, fields: readonly FieldDescription[]): string {
  const columns = fields.map((field, at) => `c${at}${isBoolean(field) ? '::text' : ''} AS ${quote(field.name)}`)
  return `SELECT ${columns.join(', ')} FROM (${inner}) rows(${fields.map((_field, at) => `c${at}`).join(', ')})`
}

/** One JSON object per line. Control characters stand for quote and delimiter: JSON text never holds them raw. */
function jsonSelect(inner: string, fields: readonly FieldDescription[]): string {
  if (fields.length === 0) return `SELECT '{}' FROM (${inner}) rows`
  const names = uniqueNames(fields)
  const columns = fields.map((field, at) => `c${at}${isJsonAlike(field) ? '' : '::text'} AS ${quote(names[at] ?? '')}`)
  const aliases = fields.map((_field, at) => `c${at}`).join(', ')
  const object = `pg_catalog.row_to_json(line)`
  return `SELECT ${fields.some(mayBreakLines) ? oneLine(object) : object} FROM (SELECT ${columns.join(', ')} FROM (${inner}) rows(${aliases})) line`
}

/** Text of type json keeps its writer's line breaks, which inside JSON can only stand between tokens. */
function oneLine(object: string): string {
  return `pg_catalog.replace(pg_catalog.replace(${object}::text, E'\\n', ' '), E'\\r', ' ')`
}

function isJsonAlike(field: FieldDescription): boolean {
  return ['number', 'boolean', 'text', 'json'].includes(resultColumn(field).kind)
}

function mayBreakLines(field: FieldDescription): boolean {
  return resultColumn(field).kind === 'json'
}

function isBoolean(field: FieldDescription): boolean {
  return resultColumn(field).kind === 'boolean'
}

function uniqueNames(fields: readonly FieldDescription[]): string[] {
  const seen = new Map<string, number>()
  return fields.map(({ name }) => {
    const times = (seen.get(name) ?? 0) + 1
    seen.set(name, times)
    return times === 1 ? name : `${name}_${times}`
  })
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Everything that can hide a semicolon, or the semicolon itself; strings as standard_conforming_strings=on reads them. */
const tokens =
  /--[^\n\r]*|\/\*|[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<![\p{L}\w$])\$((?:[\p{L}_][\p{L}\w]*)?)\$|;/gu

/** The statement without the semicolon at its end; comments behind it go too. Anything else behind it is refused. */
export function stripSemicolon(sql: string): string {
  let at = 0
  for (;;) {
    tokens.lastIndex = at
    const token = tokens.exec(sql)
    if (token === null) return sql
    if (token[0] === ';') return restIsBlank(sql, tokens.lastIndex) ? sql.slice(0, token.index) : refuse()
    at = skip(sql, token, tokens.lastIndex)
  }
}

function skip(sql: string, token: RegExpExecArray, end: number): number {
  if (token[0] === '/*') return endOfComment(sql, end)
  if (token[1] === undefined) return end
  const close = sql.indexOf(token[0], end)
  return close < 0 ? sql.length : close + token[0].length
}

/** Comments nest in PostgreSQL. */
function endOfComment(sql: string, from: number): number {
  let depth = 1
  const marks = /\/\*|\*\//g
  marks.lastIndex = from
  for (let mark = marks.exec(sql); mark !== null; mark = marks.exec(sql)) {
    depth += mark[0] === '/*' ? 1 : -1
    if (depth === 0) return marks.lastIndex
  }
  return sql.length
}

function restIsBlank(sql: string, from: number): boolean {
  let at = from
  for (;;) {
    const blank = /\s*(?:;|--[^\n\r]*|\/\*)?/y
    blank.lastIndex = at
    const found = blank.exec(sql)?.[0] ?? ''
    if (found.endsWith('/*')) at = endOfComment(sql, at + found.length)
    else at += found.length
    if (at >= sql.length) return true
    if (found === '') return false
  }
}

function refuse(): never {
  throw new ShellError({
    code: 'engines.statement-rejected',
    kind: 'invalid',
    message: 'There is more than one statement, so none was run.',
    hint: 'Ask for one statement at a time.',
  })
}
