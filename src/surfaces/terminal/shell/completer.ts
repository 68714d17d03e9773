import type { CatalogBody } from '../../../contract/index.ts'
import { dialectFacts } from '../../../domain/index.ts'
import { shellCommands } from './shell-commands.ts'

/** node:readline's synchronous completer: candidates, and the part of the line they replace. */
export type Completer = (line: string) => [string[], string]

export interface CompletionSources {
  /** null: not known yet. */
  catalog(): CatalogBody | null
  connections(): readonly string[]
}

const keywords = `select from where group by order having limit join left on using and or not in is null like between
  case when then else end distinct count sum avg min max as with asc desc exists union`.split(/\s+/)
const relationWords = new Set(['from', 'join', 'into', 'update', 'table', '\\d'])

/** Completes commands after a backslash, connections after `\c`, else tables, columns and the words of SQL. */
export function makeCompleter(sources: CompletionSources): Completer {
  return (line) => {
    const word = /[^\s(),;=<>+*/]*$/.exec(line)?.[0] ?? ''
    const before = line.slice(0, line.length - word.length)
    const candidates = candidatesFor(sources, before, word)
    const folded = word.toLowerCase()
    const hits = candidates.filter((candidate) => candidate.toLowerCase().startsWith(folded))
    return [[...new Set(hits)].toSorted(), word]
  }
}

function candidatesFor(sources: CompletionSources, before: string, word: string): readonly string[] {
  if (before.trim() === '' && word.startsWith('\\')) return shellCommands.map((command) => `${command.name} `)
  const previous = /([\\\p{L}_]+)\s*$/u.exec(before)?.[1]?.toLowerCase() ?? ''
  if (previous === '\\c') return sources.connections()
  if (previous === '\\export') return ['csv ', 'ndjson ']
  const catalog = sources.catalog()
  if (catalog === null || (word === '' && previous === '')) return []
  const dot = word.lastIndexOf('.')
  if (dot > 0) return qualified(catalog, before, word.slice(0, dot))
  const relations = catalog.relations.map((relation) => quoted(catalog, relation.name))
  if (relationWords.has(previous)) return [...relations, ...schemasOf(catalog)]
  if (word === '') return []
  const columns = catalog.relations.flatMap((relation) => relation.columns.map((column) => quoted(catalog, column.name)))
  const isSqlLine = /^\s*(\\sql\s+|\\explain\s+)?(select|with|insert|update|delete|explain|values)\b/i.test(before)
  return [...relations, ...columns, ...(isSqlLine ? keywords : [])]
}

/** After a dot: tables of a schema, or columns of a table or of an alias named earlier on the line. */
function qualified(catalog: CatalogBody, before: string, qualifier: string): string[] {
  const last = qualifier.slice(qualifier.lastIndexOf('.') + 1).replaceAll('"', '')
  const alias = new RegExp(String.raw`\b([\p{L}_][\p{L}\p{N}_$.]*)\s+(?:as\s+)?${escaped(last)}\b`, 'iu').exec(before)?.[1]
  const named = (name: string): boolean => [last, alias?.split('.').at(-1)].some((text) => text?.toLowerCase() === name.toLowerCase())
  const columns = catalog.relations.filter((relation) => named(relation.name)).flatMap((relation) => relation.columns)
  const tables = catalog.relations.filter((relation) => relation.schema === last)
  return [...columns, ...tables].map(({ name }) => `${qualifier}.${quoted(catalog, name)}`)
}

function schemasOf(catalog: CatalogBody): string[] {
  return [...new Set(catalog.relations.map((relation) => relation.schema))]
    .filter((schema) => !catalog.searchPath.includes(schema))
    .map((schema) => `${schema}.`)
}

function quoted(catalog: CatalogBody, name: string): string {
  const facts = dialectFacts[catalog.dialect]
  return facts.needsQuotes(name) ? facts.quoteIdentifier(name) : name
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
