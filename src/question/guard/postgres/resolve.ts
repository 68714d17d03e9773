import type { Reason, Span } from '../../../domain/index.ts'
import type { ColumnUse, RelationUse } from '../analysis.ts'
import type { CatalogIndex } from '../catalog-index.ts'
import { notAvailable } from '../judge.ts'
import { nearestName } from '../nearest-name.ts'
import { names, spanOf } from './inspect.ts'
import type { Node } from './parse.ts'
import { columnsOfRelation, renameColumns, Scope, systemColumns, type Origin, type RangeEntry } from './scope.ts'

type Columns = RangeEntry['columns']

/** What the names of a statement stand for. */
export interface Resolution {
  readonly relations: RelationUse[]
  readonly columns: ColumnUse[]
  readonly problems: Reason[]
  /** References seen; the first pass has counted them all, so that none can be passed over. */
  readonly seen: Set<Node>
}

/**
 * Second pass: scopes as PostgreSQL has them. WITH queries shadow tables; a FROM item sees its left neighbours only when
 * LATERAL; an unqualified name is looked for level by level. What is not found is a problem, never a guess.
 */
export class Resolver {
  readonly result: Resolution = { relations: [], columns: [], problems: [], seen: new Set() }
  readonly #index: CatalogIndex | null
  /** true: unknown tables are taken as named, for the text of views over tables this user cannot see. */
  readonly #isLenient: boolean

  constructor(index: CatalogIndex | null, isLenient: boolean) {
    this.#index = index
    this.#isLenient = isLenient || index === null
  }

  /** A SELECT, VALUES, TABLE or set operation; gives the columns it puts out. */
  select(node: Node, parent: Scope | null): Columns {
    const scope = new Scope(parent)
    this.#withClause(node['withClause'] as Node | undefined, scope)
    if (node['larg'] !== undefined) return this.#setOperation(node, scope)
    for (const item of list(node['fromClause'])) scope.entries.push(...this.#fromItem(item, scope))
    const columns = this.#outputColumns(list(node['targetList']), scope)
    const isValues = node['valuesLists'] !== undefined
    this.#expressions(node, ['withClause', 'fromClause', 'sortClause', 'groupClause'], scope)
    scope.outputNames = new Set(list(node['targetList']).map(outputName))
    this.#expressions({ sort: node['sortClause'], group: node['groupClause'], distinct: node['distinctClause'] }, [], scope)
    return isValues ? valuesColumns(node) : columns
  }

  #setOperation(node: Node, scope: Scope): Columns {
    const left = this.select(node['larg'] as Node, scope)
    const right = this.select(node['rarg'] as Node, scope)
    scope.entries.push({ alias: null, schema: null, columns: left })
    this.#expressions(node, ['withClause', 'larg', 'rarg'], scope)
    if (left === null || right === null) return null
    const origins = [...right.values()]
    return new Map([...left].map(([name, own], at) => [name, [...own, ...(origins[at] ?? [])]]))
  }

  #withClause(clause: Node | undefined, scope: Scope): void {
    if (clause === undefined) return
    const queries = list(clause['ctes']).map((item) => item['CommonTableExpr'] as Node)
    for (const query of queries) {
      const name = String(query['ctename'])
      const aliases = names(query['aliascolnames'])
      // A recursive query sees itself while it is being read; its columns are those of its first branch.
      if (clause['recursive'] === true) scope.commonTables.set(name, { columns: null })
      const inner = query['ctequery'] as Node
      const columns = inner['SelectStmt'] === undefined ? this.#writeQuery(inner, scope) : this.select(inner['SelectStmt'] as Node, scope)
      const hasExtra = query['search_clause'] !== undefined || query['cycle_clause'] !== undefined
      scope.commonTables.set(name, { columns: hasExtra ? null : renameColumns(columns, aliases) })
    }
  }

  /** A data-modifying WITH: never let through as a read, so its names are only listed. */
  #writeQuery(node: Node, scope: Scope): Columns {
    this.listNames(node, scope)
    return null
  }

  /** Tables of a statement that is not a read, by name alone. */
  listNames(value: unknown, scope: Scope): void {
    forEachNode(value, (kind, node) => {
      if (kind === 'ColumnRef') this.result.seen.add(node)
      if (kind === 'RangeVar' || (kind === 'relation' && node['relname'] !== undefined)) this.#rangeVar(node, scope)
    })
  }

  #fromItem(item: Node, scope: Scope): readonly RangeEntry[] {
    const [kind = ''] = Object.keys(item)
    const node = item[kind] as Node
    const alias = node['alias'] as Node | undefined
    const aliasName = alias === undefined ? null : String(alias['aliasname'])
    const aliasColumns = names(alias?.['colnames'])
    const lateralParent = (): Scope | null => (node['lateral'] === true ? scope : withoutEntries(scope))
    switch (kind) {
      case 'RangeVar': {
        const entry = this.#rangeVar(node, scope)
        return [
          {
            alias: aliasName ?? entry.alias,
            schema: aliasName === null ? entry.schema : null,
            columns: renameColumns(entry.columns, aliasColumns),
          },
        ]
      }
      case 'RangeSubselect': {
        const subquery = (node['subquery'] as Node)['SelectStmt'] as Node
        return [{ alias: aliasName, schema: null, columns: renameColumns(this.select(subquery, lateralParent()), aliasColumns) }]
      }
      case 'RangeTableSample':
        this.#expressions({ args: node['args'], repeatable: node['repeatable'] }, [], scope)
        return this.#fromItem(node['relation'] as Node, scope)
      case 'JoinExpr':
        return this.#join(node, aliasName, aliasColumns, scope)
      default: // functions, XMLTABLE, JSON_TABLE: always lateral, columns of any name
        this.#expressions(node, ['alias'], scope)
        return [{ alias: aliasName ?? functionName(node), schema: null, columns: null }]
    }
  }

  #join(node: Node, alias: string | null, aliasColumns: readonly string[], scope: Scope): readonly RangeEntry[] {
    const left = this.#fromItem(node['larg'] as Node, scope)
    const joinScope = new Scope(scope)
    joinScope.entries.push(...left)
    const right = this.#fromItem(node['rarg'] as Node, joinScope)
    joinScope.entries.push(...right)
    const both = [...left, ...right]
    for (const name of [...names(node['usingClause']), ...(node['isNatural'] === true ? sharedColumns(left, right) : [])]) {
      for (const entry of both) this.#use(entry.columns?.get(name) ?? [], spanOf(node, 1))
    }
    if (node['quals'] !== undefined) this.#expressions({ quals: node['quals'] }, [], joinScope)
    const usingAlias = node['join_using_alias'] as Node | undefined
    const extra: RangeEntry[] =
      usingAlias === undefined ? [] : [{ alias: String(usingAlias['aliasname']), schema: null, columns: mergedColumns(both) }]
    if (alias === null) return [...both, ...extra]
    return [{ alias, schema: null, columns: renameColumns(mergedColumns(both), aliasColumns) }]
  }

  #rangeVar(node: Node, scope: Scope): RangeEntry {
    this.result.seen.add(node)
    const name = textOf(node['relname']) ?? ''
    const schema = textOf(node['schemaname'])
    const span = spanOf(node, Buffer.byteLength(schema === null ? name : `${schema}.${name}`))
    const common = schema === null ? scope.findCommonTable(name) : null
    if (common !== null) return { alias: name, schema: null, columns: common.columns }
    const anything: RangeEntry = { alias: name, schema, columns: null }
    if (isSystemName(schema, name, node)) {
      this.result.problems.push({
        code: 'guard.system-relation',
        message: `${schema === null ? '' : `${schema}.`}${name} is part of the server’s own catalogs, which tell of everybody’s data.`,
        span,
        hint: 'Browse the catalog with \\d instead.',
      })
      return anything
    }
    const relation = schema === null ? (this.#index?.findInPath(name) ?? null) : (this.#index?.find(schema, name) ?? null)
    if (relation === null) {
      this.result.relations.push({ schema: schema ?? this.#index?.catalog.searchPath[0] ?? 'public', name, relation: null, span })
      if (!this.#isLenient) this.result.problems.push(notAvailable('table', name, span, null))
      return anything
    }
    this.result.relations.push({ schema: relation.schema, name: relation.name, relation, span })
    return { alias: relation.name, schema: relation.schema, columns: columnsOfRelation(relation) }
  }

  /** Every reference in some fields, in this scope; sub-selects open scopes of their own. */
  #expressions(fields: Node, except: readonly string[], scope: Scope): void {
    for (const field of Object.keys(fields)) if (!except.includes(field)) this.#expression(fields[field], scope)
  }

  #expression(value: unknown, scope: Scope): void {
    if (Array.isArray(value)) for (const item of value) this.#expression(item, scope)
    else if (value !== null && typeof value === 'object') {
      const node = value as Node // the parser gives plain objects only
      for (const field of Object.keys(node)) {
        if (field === 'SelectStmt') this.select(node[field] as Node, scope)
        else if (field === 'ColumnRef') this.#columnRef(node[field] as Node, scope)
        else this.#expression(node[field], scope)
      }
    }
  }

  #columnRef(node: Node, scope: Scope): void {
    this.result.seen.add(node)
    const fields = node['fields'] as readonly Node[]
    const path = names(fields)
    const hasStar = fields.at(-1)?.['A_Star'] !== undefined
    const span = spanOf(node, Buffer.byteLength(path.join('.')))
    if (hasStar && path.length === 0) return this.#star(scope.entries, span)
    const column = hasStar ? null : (path.at(-1) ?? '')
    const qualifier = hasStar ? path : path.slice(0, -1)
    if (qualifier.length === 0 && column !== null) return this.#unqualified(column, scope, span)
    const entry = scope.findEntry(qualifier.at(-1) ?? '', qualifier.length > 1 ? (qualifier.at(-2) ?? null) : null)
    if (entry === null) return this.#compositeField(qualifier, column, scope, span)
    if (column === null) return this.#star([entry], span)
    if (entry.columns === null || systemColumns.has(column)) return
    const origins = entry.columns.get(column)
    if (origins === undefined) this.#unknownColumn(column, entry.columns.keys(), span)
    else this.#use(origins, span)
  }

  /** `composite_column.field` without brackets is no PostgreSQL; a qualifier nobody has is an unknown table. */
  #compositeField(qualifier: readonly string[], column: string | null, scope: Scope, span: Span): void {
    const name = qualifier.at(-1) ?? ''
    this.result.problems.push(
      notAvailable(
        column === null ? 'table' : 'column',
        column === null ? name : `${name}.${column}`,
        span,
        nearestName(name, visibleAliases(scope)),
      ),
    )
  }

  #unqualified(column: string, scope: Scope, span: Span): void {
    if (scope.outputNames.has(column) && !scope.entries.some((entry) => entry.columns?.has(column) === true)) return
    let isAnythingPossible = false
    const candidates: string[] = []
    for (let level: Scope | null = scope; level !== null; level = level.parent) {
      const owners = level.entries.filter((entry) => entry.columns?.has(column) === true)
      if (owners.length > 0) return owners.forEach((entry) => this.#use(entry.columns?.get(column) ?? [], span))
      const whole = level.entries.find((entry) => entry.alias === column)
      if (whole !== undefined) return this.#star([whole], span) // a whole row
      isAnythingPossible ||= level.entries.some((entry) => entry.columns === null)
      for (const entry of level.entries) candidates.push(...(entry.columns?.keys() ?? []))
      if (level.outputNames.has(column)) return
    }
    if (!isAnythingPossible && !systemColumns.has(column)) this.#unknownColumn(column, candidates, span)
  }

  #star(entries: readonly RangeEntry[], span: Span): void {
    for (const entry of entries) for (const origins of entry.columns?.values() ?? []) this.#use(origins, span)
  }

  #unknownColumn(column: string, candidates: Iterable<string>, span: Span): void {
    this.result.problems.push(notAvailable('column', column, span, nearestName(column, candidates)))
  }

  #use(origins: readonly Origin[], span: Span): void {
    for (const { relation, column } of origins) this.result.columns.push({ schema: relation.schema, relation: relation.name, column, span })
  }

  /** Names the query puts out. Origins are left empty: what was read was counted where it was read. */
  #outputColumns(targets: readonly Node[], scope: Scope): Columns {
    const columns = new Map<string, readonly Origin[]>()
    for (const target of targets) {
      const node = target['ResTarget'] as Node
      const fields = ((node['val'] as Node | undefined)?.['ColumnRef'] as Node | undefined)?.['fields'] as readonly Node[] | undefined
      if (fields?.at(-1)?.['A_Star'] === undefined) {
        if ((node['val'] as Node | undefined)?.['A_Indirection'] !== undefined) return null // (row).* puts out any number of columns
        columns.set(outputName(target), [])
        continue
      }
      const qualifier = names(fields)
      const entry =
        qualifier.length === 0 ? null : scope.findEntry(qualifier.at(-1) ?? '', qualifier.length > 1 ? (qualifier.at(-2) ?? null) : null)
      const entries = qualifier.length === 0 ? scope.entries : entry === null ? [] : [entry]
      for (const { columns: own } of entries) {
        if (own === null) return null
        for (const name of own.keys()) columns.set(name, [])
      }
    }
    return columns
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function list(value: unknown): readonly Node[] {
  return Array.isArray(value) ? (value as readonly Node[]) : [] // the parser gives lists of nodes
}

function isSystemName(schema: string | null, name: string, node: Node): boolean {
  if (node['catalogname'] !== undefined) return true // another database: nothing a read here may name
  if (schema !== null) return schema === 'information_schema' || schema.startsWith('pg_')
  return name.startsWith('pg_') // pg_catalog comes first in every search path
}

/** How PostgreSQL names a select-list item without AS. */
function outputName(target: Node): string {
  const node = target['ResTarget'] as Node
  return typeof node['name'] === 'string' ? node['name'] : expressionName(node['val'] as Node | undefined)
}

function expressionName(value: Node | undefined): string {
  const [kind = ''] = Object.keys(value ?? {})
  const node = (value?.[kind] ?? {}) as Node
  switch (kind) {
    case 'ColumnRef':
      return names(node['fields']).at(-1) ?? '?column?'
    case 'FuncCall':
      return names(node['funcname']).at(-1) ?? '?column?'
    case 'TypeCast': {
      const inner = expressionName(node['arg'] as Node)
      return inner === '?column?' ? (names((node['typeName'] as Node)['names']).at(-1) ?? inner) : inner
    }
    case 'CollateClause':
      return expressionName(node['arg'] as Node)
    case 'A_Indirection':
      return names(node['indirection']).at(-1) ?? expressionName(node['arg'] as Node)
    case 'CaseExpr': {
      const otherwise = node['defresult'] === undefined ? '?column?' : expressionName(node['defresult'] as Node)
      return otherwise === '?column?' ? 'case' : otherwise
    }
    case 'SubLink': {
      if (node['subLinkType'] === 'EXISTS_SUBLINK') return 'exists'
      if (node['subLinkType'] === 'ARRAY_SUBLINK') return 'array'
      const [first] = list(((node['subselect'] as Node)['SelectStmt'] as Node | undefined)?.['targetList'])
      return first === undefined ? '?column?' : outputName(first)
    }
    default:
      return fixedNames[kind] ?? sqlValueName(node)
  }
}

const fixedNames: Readonly<Record<string, string>> = {
  CoalesceExpr: 'coalesce',
  RowExpr: 'row',
  A_ArrayExpr: 'array',
  GroupingFunc: 'grouping',
  XmlSerialize: 'xmlserialize',
  JsonObjectConstructor: 'json_object',
  JsonArrayConstructor: 'json_array',
}

function sqlValueName(node: Node): string {
  if (typeof node['op'] !== 'string') return '?column?'
  const op = node['op'].toLowerCase()
  if (op.startsWith('svfop_')) return op.slice(6).replace(/_n$/, '')
  return op.startsWith('is_') ? op.slice(3) : '?column?' // IS_GREATEST, IS_LEAST, IS_XMLFOREST …
}

function functionName(node: Node): string | null {
  const found: string[] = []
  forEachNode(node['functions'], (kind, inner) => {
    if (kind === 'FuncCall') found.push(names(inner['funcname']).at(-1) ?? '')
  })
  return found[0] ?? null
}

function valuesColumns(node: Node): Columns {
  const [first] = list(node['valuesLists'])
  const width = list((first?.['List'] as Node | undefined)?.['items']).length
  return new Map(Array.from({ length: width }, (_, at) => [`column${at + 1}`, []]))
}

function sharedColumns(left: readonly RangeEntry[], right: readonly RangeEntry[]): string[] {
  const rightNames = new Set(right.flatMap((entry) => [...(entry.columns?.keys() ?? [])]))
  return left.flatMap((entry) => [...(entry.columns?.keys() ?? [])]).filter((name) => rightNames.has(name))
}

function mergedColumns(entries: readonly RangeEntry[]): Columns {
  const merged = new Map<string, readonly Origin[]>()
  for (const { columns } of entries) {
    if (columns === null) return null
    for (const [name, origins] of columns) merged.set(name, [...(merged.get(name) ?? []), ...origins])
  }
  return merged
}

/** The same names without this level's FROM entries: what a sub-select that is not LATERAL sees. */
function withoutEntries(scope: Scope): Scope {
  const bare = new Scope(scope.parent)
  for (const [name, table] of scope.commonTables) bare.commonTables.set(name, table)
  return bare
}

function visibleAliases(scope: Scope): string[] {
  const aliases = scope.entries.flatMap((entry) => (entry.alias === null ? [] : [entry.alias]))
  return scope.parent === null ? aliases : [...aliases, ...visibleAliases(scope.parent)]
}

function forEachNode(value: unknown, visit: (kind: string, node: Node) => void): void {
  if (Array.isArray(value)) for (const item of value) forEachNode(item, visit)
  else if (value !== null && typeof value === 'object') {
    const node = value as Node // the parser gives plain objects only
    for (const field of Object.keys(node)) {
      // The table a write goes to is not wrapped in its kind.
      if (field.charCodeAt(0) <= 90 || field === 'relation') visit(field, node[field] as Node)
      forEachNode(node[field], visit)
    }
  }
}
