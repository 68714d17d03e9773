import { isSql, isSqlBeginning } from './sql-or-language.ts'
import { isContinuation, isUnfinished, scanSql, splitStatements, stripComments } from './sql-text.ts'

/** One thing to do. */
export type Input =
  | { readonly kind: 'question'; readonly text: string }
  | { readonly kind: 'statement'; readonly sql: string }
  | { readonly kind: 'command'; readonly text: string }

/** What ends a statement without a semicolon: at a prompt an empty line, in a pipe also a line that does not go on with it. */
export type GatherManner = 'prompt' | 'pipe'

/**
 * Gathers lines into inputs. A question is a line (or lines ended by `\`), a statement runs to its semicolon or to an
 * empty line, a command is its line. Several statements on a line are several inputs.
 */
export class InputGatherer {
  readonly #manner: GatherManner
  #lines: string[] = []
  /** Once the first line was SQL, the lines after it are. */
  #isSql = false

  constructor(manner: GatherManner) {
    this.#manner = manner
  }

  /** true: a line is awaited that goes on with what is here. */
  get isWaiting(): boolean {
    return this.#lines.length > 0
  }

  get isSql(): boolean {
    return this.#isSql
  }

  clear(): void {
    this.#lines = []
    this.#isSql = false
  }

  /** Takes lines that belong together, and waits for the Enter that confirms them. */
  paste(text: string): void {
    this.#lines.push(...text.split('\n'))
    this.#isSql ||= looksLikeSql(this.#text())
  }

  /** Takes a line; `next` is the line after it where that is known (a pipe), null at the end. */
  take(line: string, next: string | null = null): readonly Input[] {
    if (line.trim() === '') return this.finish()
    const isContinued = /(^|[^\\])\\$/.test(line) && !isCommand(line)
    this.#lines.push(isContinued ? line.slice(0, -1) : line)
    const text = this.#text()
    if (isCommand(text)) return this.#settleCommand(text, next)
    this.#isSql ||= looksLikeSql(text) || (next !== null && startsSelect(text) && isContinuation(next))
    if (this.#isSql) return this.#settleStatement(text, next)
    const { bare, isOpen } = scanSql(text)
    if (bare.trim() === '' && isOpen) return []
    return isContinued ? [] : this.finish()
  }

  /** No more lines: whatever is here is an input. */
  finish(): readonly Input[] {
    const text = this.#text().trim()
    const wasSql = this.#isSql
    this.clear()
    if (isCommand(text)) return commandOf(text)
    if (!wasSql && !looksLikeSql(text)) return splitQuestions(text)
    const { statements, rest } = splitStatements(text)
    return [...statements.flatMap(inputOf), ...(statements.length === 0 ? statementOf(rest) : inputOf(rest))]
  }

  #text(): string {
    return this.#lines.join('\n')
  }

  #settleStatement(text: string, next: string | null): readonly Input[] {
    const { statements, rest } = splitStatements(text)
    if (statements.length > 0 && stripComments(rest).trim() === '') return this.finish()
    const isPipesEnd = this.#manner === 'pipe' && !isUnfinished(rest) && (next === null || !isContinuation(next))
    if (isPipesEnd) return this.finish()
    if (statements.length > 0) this.#lines = [rest]
    return statements.flatMap(inputOf)
  }

  /** `\sql` takes a statement over several lines when it must, every other command ends with its line. */
  #settleCommand(text: string, next: string | null): readonly Input[] {
    const sql = sqlOfCommand(text)
    if (sql === null) return this.finish()
    this.#isSql = true
    if (this.#manner === 'pipe' && next === null) return this.finish()
    const isWhole = sql.trim() !== '' && !isUnfinished(sql)
    return isWhole && (this.#lines.length === 1 || /;\s*$/.test(stripComments(sql))) ? this.finish() : []
  }
}

function isCommand(text: string): boolean {
  return /^\s*\\[a-z?]/i.test(text)
}

function sqlOfCommand(text: string): string | null {
  return /^\s*\\sql(?:\s([\s\S]*))?$/.exec(text)?.[1] ?? (/^\s*\\sql\s*$/.test(text) ? '' : null)
}

function commandOf(text: string): Input[] {
  const sql = sqlOfCommand(text)
  return sql === null || sql.trim() === '' ? [{ kind: 'command', text: text.trim() }] : statementOf(sql)
}

function looksLikeSql(text: string): boolean {
  return isSql(text) || isSqlBeginning(text)
}

function startsSelect(text: string): boolean {
  return /^\s*select\b/i.test(text)
}

/** A semicolon after a question's words parts it from the next one. */
function splitQuestions(text: string): Input[] {
  return text
    .replaceAll('\n', ' ')
    .split(/;(?=\s|$)/)
    .flatMap(inputOf)
}

function statementOf(text: string): Input[] {
  return stripComments(text).trim() === '' ? [] : [{ kind: 'statement', sql: text.trim() }]
}

function inputOf(text: string): Input[] {
  const trimmed = text.trim()
  if (stripComments(trimmed).trim() === '') return []
  return looksLikeSql(trimmed) ? statementOf(trimmed) : [{ kind: 'question', text: trimmed }]
}
