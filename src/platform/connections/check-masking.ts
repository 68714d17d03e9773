import {
  columnNamed,
  columnsOfFilter,
  matchesName,
  matchesRelation,
  parseRowFilter,
  ShellError,
  type Catalog,
  type Relation,
} from '../../domain/index.ts'
import type { PolicyBody } from '../../contract/index.ts'

/**
 * Holds masks and filters against the catalog before they are saved: a misspelt name would leave open what it was meant to
 * hide. Patterns with `*` may match nothing yet. Throws `connections.policy-invalid`, naming the place.
 */
export function checkMasking(policy: PolicyBody, catalog: Catalog): void {
  for (const [at, rule] of policy.masks.entries()) checkMask(rule, `masks.${at}`, catalog)
  for (const [at, rule] of policy.filters.entries()) checkFilter(rule, `filters.${at}`, catalog)
}

function checkMask(rule: PolicyBody['masks'][number], place: string, catalog: Catalog): void {
  const relations = relationsOf(rule.tables, place, catalog)
  for (const pattern of rule.columns.filter(isPlain)) {
    const isThere = relations.some((relation) => relation.columns.some((column) => matchesName(pattern, column.name)))
    if (!isThere && relations.length > 0) throw invalid(`${place}.columns: no table it names has a column ${pattern}.`)
  }
  const { mask } = rule
  if (mask.kind !== 'bucket' || catalog.dialect === 'sqlite') return // SQLite's columns hold values of any type
  const fitting = typeof mask.by === 'number' ? numberType : dateType
  for (const relation of relations)
    for (const { name, type } of relation.columns)
      if (rule.columns.some((pattern) => matchesName(pattern, name)) && !fitting.test(type))
        throw invalid(`${place}.mask: ${relation.name}.${name} is ${type}, which a bucket of ${mask.by} does not fit.`)
}

const numberType = /^(small|big|tiny|medium)?int|^integer|^numeric|^decimal|^real|^double|^float/i
const dateType = /^date|^timestamp/i

function checkFilter(rule: PolicyBody['filters'][number], place: string, catalog: Catalog): void {
  const filter = parseRowFilter(rule.where)
  if ('problem' in filter) throw invalid(`${place}.where: ${filter.problem} (at character ${filter.at}).`)
  for (const relation of relationsOf(rule.tables, place, catalog)) {
    const missing = columnsOfFilter(filter).find((column) => columnNamed(relation.columns, column) === null)
    if (missing !== undefined) throw invalid(`${place}.where: ${relation.schema}.${relation.name} has no column ${missing.name}.`)
  }
}

function relationsOf(patterns: readonly string[], place: string, catalog: Catalog): readonly Relation[] {
  const named = (pattern: string): Relation[] =>
    catalog.relations.filter((relation) => matchesRelation(pattern, relation.schema, relation.name))
  const lost = patterns.find((pattern) => isPlain(pattern) && named(pattern).length === 0)
  if (lost !== undefined) throw invalid(`${place}.tables: there is no table ${lost}.`)
  return [...new Set(patterns.flatMap(named))]
}

function isPlain(pattern: string): boolean {
  return !pattern.includes('*')
}

function invalid(message: string): ShellError {
  return new ShellError({
    code: 'connections.policy-invalid',
    kind: 'invalid',
    message: `The policy cannot be used: ${message}`,
    hint: 'Correct the name, or write it with * to cover what does not exist yet.',
  })
}
