import type { Reason } from '../../../domain/index.ts'
import type { ColumnUse, MissingColumn, RelationUse, WriteUse } from '../analysis.ts'
import type { CatalogIndex } from '../catalog-index.ts'
import { certain, lastOf } from '../certain.ts'
import { addColumn, bareName } from '../column-map.ts'
import { TooMuchWork, type Steps } from '../effort.ts'
import { Joins } from '../joined-columns.ts'
import { findRelation } from './find-relation.ts'
import { bareCalls, spanOfIdent } from './inspect.ts'
import { identOf, identsOf, type Ident } from './names.ts'
import { isQuery, kindOf, listOf, nodeOf, type Node } from './node.ts'
import { outputName } from './output-name.ts'
import { deleteUses, insertUses, updateUses } from './write-uses.ts'
import { aliasColumns, aroundOf, beside, jsonColumns, systemRelation, tableOrWith, targetUnknown } from './range-rules.ts'
import type { ParserSpan, Places } from './places.ts'
import { columnsOfRelation, renameColumns, Scope, type Columns, type Origin, type RangeEntry } from './scope.ts'

/** What the names of a statement stand for. */
export interface Resolution {
  readonly relations: RelationUse[]
  readonly columns: ColumnUse[]
  readonly missingColumns: MissingColumn[]
  readonly writes: WriteUse[]
  readonly problems: Reason[]
}

/** No table of these servers is wider. */
const mostOutputColumns = 4_096
const systemSchemas = /^(information_schema|mysql|performance_schema|sys|ndbinfo)$/i
/** Written where a value could stand, and no column. */
const units =
  /^(microsecond|second|minute|hour|day|week|month|quarter|year|sql_tsi_\w+|date|time|datetime|timestamp|(day|hour|minute|second|year)_\w+)$/i
const unitCalls = /^(timestampdiff|timestampadd|get_format|extract)$/i

/** Second pass: scopes as these servers have them. What is not found is a problem, never a guess. */
export class Resolver {
  readonly result: Resolution = { relations: [], columns: [], missingColumns: [], writes: [], problems: [] }
  readonly #index: CatalogIndex | null
  readonly #places: Places
  readonly #steps: Steps
  readonly #joins: Joins<Origin>
  readonly #starred = new WeakSet<RangeEntry>()

  constructor(index: CatalogIndex | null, places: Places, steps: Steps) {
    this.#index = index
    this.#places = places
    this.#steps = steps
    this.#joins = new Joins(steps)
  }

  /** WITH, body, ORDER BY, LIMIT; gives the columns it puts out. */
  query(node: Node, parent: Scope | null): Columns {
    const scope = new Scope(parent)
    this.#with(node['with'], scope)
    return this.#body(node['body'], scope, [node['order_by'], node['limit_clause'], node['fetch']])
  }

  /** What may follow a body (ORDER BY, LIMIT) sees the names of its select list, and of a plain SELECT its tables too. */
  #body(body: unknown, scope: Scope, tail: readonly unknown[]): Columns {
    const [kind, content] = kindOf(body)
    switch (kind) {
      case 'Select':
        return this.#select(nodeOf(content), scope, tail)
      case 'Query': {
        const columns = this.query(nodeOf(content), scope)
        this.#tail(columns, scope, tail)
        return columns
      }
      case 'SetOperation': {
        const columns = this.#body(nodeOf(content)['left'], new Scope(scope), [])
        this.#body(nodeOf(content)['right'], new Scope(scope), [])
        this.#tail(columns, scope, tail)
        return columns
      }
      case 'Values': {
        this.#expression(nodeOf(content)['rows'], scope)
        this.#expression(tail, scope)
        const width = listOf(listOf(nodeOf(content)['rows'])[0]?.['content']).length
        return new Map(Array.from({ length: width }, (_, at) => [`column_${at}`, []]))
      }
      default: {
        const [verb, statement] = kindOf(content) // a statement of its own behind WITH
        this.write(verb, nodeOf(statement), scope)
        return null
      }
    }
  }

  #tail(columns: Columns, scope: Scope, tail: readonly unknown[]): void {
    const inner = new Scope(scope)
    inner.entries.push({ alias: '', schema: null, columns })
    this.#expression(tail, inner)
  }

  #select(node: Node, scope: Scope, tail: readonly unknown[]): Columns {
    for (const item of listOf(node['from'])) scope.entries.push(...this.#tableWithJoins(item, scope))
    const projection = listOf(node['projection'])
    const columns = this.#projection(projection, scope)
    this.#expression([node['selection'], node['named_window'], node['prewhere'], node['qualify'], node['distinct']], scope)
    const named = new Scope(scope.parent, scope.commonTables)
    named.entries.push(...scope.entries)
    named.outputNames = new Set(projection.flatMap((item) => outputName(item) ?? []).map((name) => name.toLowerCase()))
    this.#expression([node['group_by'], node['having'], tail], named)
    return columns
  }

  #with(value: unknown, scope: Scope): void {
    const clause = nodeOf(value)
    const tables = listOf(clause['cte_tables'])
    const nameOf = (table: Node): string => certain(identOf(nodeOf(table['alias'])['name'])).value
    const isRecursive = clause['recursive'] === true
    if (isRecursive) for (const table of tables) scope.addCommonTable(nameOf(table), null, true)
    for (const table of tables) {
      if (isRecursive) scope.addCommonTable(nameOf(table), null)
      const columns = this.query(nodeOf(table['query']), scope)
      scope.addCommonTable(nameOf(table), renameColumns(columns, aliasColumns(table['alias'])))
    }
  }

  #tableWithJoins(node: Node, scope: Scope): RangeEntry[] {
    const entries = [...this.#tableFactor(node['relation'], scope, [])]
    for (const join of listOf(node['joins'])) {
      const right = this.#tableFactor(join['relation'], scope, entries)
      const [, constraint] = kindOf(join['join_operator'])
      this.#constraint(constraint, entries, right, scope)
      entries.push(...right)
    }
    return entries
  }

  #constraint(constraint: unknown, left: readonly RangeEntry[], right: readonly RangeEntry[], scope: Scope): void {
    const [kind, content] = kindOf(constraint)
    this.#steps.spend(left.length + right.length)
    const idents = kind === 'Using' ? listOf(content).map((name) => lastOf(identsOf(name))) : []
    const using = idents.map((ident) => ident.value.toLowerCase())
    // `left` grows by the right side: it is both from then on.
    const compared = this.#joins.compare(left, right, left, { using, isNatural: kind === 'Natural' })
    for (const [at, { origins }] of compared.entries()) {
      const ident = idents[at]
      this.#use(origins, ident === undefined ? { start: 0, end: 0 } : this.#span(ident), ident !== undefined)
    }
    if (kind === 'On') {
      const sides = new Scope(scope)
      sides.entries.push(...left, ...right)
      this.#expression(content, sides)
    }
  }

  #tableFactor(value: unknown, scope: Scope, left: readonly RangeEntry[]): RangeEntry[] {
    const [kind, content] = kindOf(value)
    const node = nodeOf(content)
    const written = identOf(nodeOf(node['alias'])['name'])
    const alias = written?.value ?? ''
    switch (kind) {
      case 'Table': {
        const entry = this.#table(identsOf(node['name']), scope)
        if (entry === null) return []
        // Both servers take `schema.alias.column` too: an alias is looked for in the schema of what it stands for.
        return [
          { ...entry, alias: written === null ? entry.alias : alias, columns: renameColumns(entry.columns, aliasColumns(node['alias'])) },
        ]
      }
      case 'Derived': {
        const columns = this.query(nodeOf(node['subquery']), node['lateral'] === true ? beside(scope, left) : aroundOf(scope))
        return [{ alias, schema: null, columns: renameColumns(columns, aliasColumns(node['alias'])) }]
      }
      case 'NestedJoin':
        return this.#tableWithJoins(nodeOf(node['table_with_joins']), scope)
      case 'JsonTable':
        this.#expression(node['json_expr'], beside(scope, left))
        return [{ alias, schema: null, columns: new Map(jsonColumns(node['columns']).map((name) => [name.toLowerCase(), []])) }]
      default: // the first pass has refused it
        return [{ alias, schema: null, columns: null }]
    }
  }

  /** null: DUAL, which is no table. */
  #table(name: readonly Ident[], scope: Scope): RangeEntry | null {
    const last = lastOf(name)
    if (name.length === 1 && !last.isQuoted && last.value.toUpperCase() === 'DUAL') return null
    const common = name.length === 1 ? scope.findCommonTable(last.value) : null
    if (common?.name === last.value && !common.isAhead) return { alias: last.value, schema: null, columns: common.columns }
    if (common !== null) this.result.problems.push(tableOrWith(common.name, last.value, this.#span(last)))
    return this.#relation(name)
  }

  #relation(name: readonly Ident[]): RangeEntry {
    const last = lastOf(name)
    const schema = name.at(-2)?.value ?? null
    const shown = last.value
    const span = { start: this.#span(certain(name[0])).start, end: this.#span(last).end }
    const within = schema ?? this.#index?.catalog.searchPath[0] ?? ''
    if (systemSchemas.test(within) || name.length > 2) {
      this.result.problems.push(systemRelation(`${within}.${shown}`, span))
      return { alias: shown, schema, columns: null }
    }
    const relation = findRelation(this.#index, schema, shown)
    this.result.relations.push({ schema: relation?.schema ?? within, name: relation?.name ?? shown, relation, writtenSchema: within, span })
    if (relation === null) return { alias: shown, schema: within, columns: null }
    return { alias: shown, schema: relation.schema, columns: columnsOfRelation(relation) }
  }

  /** INSERT, UPDATE, DELETE and what goes with them: the target is always a table of the database. */
  write(kind: string, node: Node, parent: Scope | null): void {
    const scope = new Scope(parent)
    if (kind === 'Insert') return this.#insert(node, scope)
    if (kind === 'Update') {
      scope.entries.push(...this.#tableWithJoins(nodeOf(node['table']), scope))
      const [, from] = kindOf(node['from'])
      for (const item of listOf(from)) scope.entries.push(...this.#tableWithJoins(item, scope))
    } else if (kind === 'Delete') {
      const [, from] = kindOf(node['from'])
      for (const item of [...listOf(from), ...listOf(node['using'])]) scope.entries.push(...this.#tableWithJoins(item, scope))
    }
    const uses = (kind === 'Update' ? updateUses : deleteUses)(node, scope, this.result.relations)
    this.result.writes.push(...(uses ?? []))
    if (uses === null) this.result.problems.push(targetUnknown)
    this.#assignments(node['assignments'], scope)
    this.#expression([node['selection'], node['order_by'], node['limit']], scope)
    this.#projection(listOf(node['returning']), scope)
  }

  #insert(node: Node, scope: Scope): void {
    const [, table] = kindOf(node['table'])
    const before = this.result.relations.length
    const target = this.#relation(identsOf(table))
    const isList = listOf(node['columns']).length > 0 || listOf(node['assignments']).length > 0
    // None for a table of the server's own, which is a problem already.
    for (const use of this.result.relations.slice(before)) {
      this.result.writes.push(...insertUses(node, use))
      if (!isList) for (const origins of target.columns?.values() ?? []) this.#use(origins, use.span, false)
    }
    // The rows to insert see nothing of the target.
    if (isQuery(nodeOf(node['source']))) this.query(nodeOf(node['source']), scope)
    const inner = new Scope(scope)
    const alias = identsOf(nodeOf(node['insert_alias'])['row_alias']).at(-1)?.value
    inner.entries.push(target, ...(alias === undefined ? [] : [{ alias, schema: null, columns: target.columns }]))
    for (const column of listOf(node['columns'])) this.#columnRef([lastOf(identsOf(column))], inner)
    this.#assignments(node['assignments'], inner)
    const [, on] = kindOf(node['on'])
    this.#assignments(on, inner)
    this.#projection(listOf(node['returning']), inner)
  }

  #assignments(value: unknown, scope: Scope): void {
    for (const assignment of listOf(value)) {
      const [, target] = kindOf(assignment['target'])
      this.#columnRef(identsOf(target), scope)
      this.#expression(assignment['value'], scope)
    }
  }

  /** Every reference in it, in this scope; sub-selects open scopes of their own. */
  #expression(value: unknown, scope: Scope): void {
    if (Array.isArray(value)) for (const item of value) this.#expression(item, scope)
    else if (value !== null && typeof value === 'object') {
      const node = nodeOf(value)
      if (isQuery(node)) {
        this.query(node, scope)
        return
      }
      for (const field of Object.keys(node)) this.#part(field, node[field], scope)
    }
  }

  #part(field: string, value: unknown, scope: Scope): void {
    if (field === 'Identifier') this.#columnRef([certain(identOf(value))], scope)
    else if (field === 'CompoundIdentifier') this.#columnRef(identsOf(value), scope)
    else if (field === 'Function') this.#call(nodeOf(value), scope)
    else if (!namesApart.has(field)) this.#expression(value, scope)
  }

  #call(node: Node, scope: Scope): void {
    const name = lastOf(identsOf(node['name'])).value
    const args = nodeOf(nodeOf(node['args'])['List'])
    const [first, ...others] = listOf(args['args'])
    const unit = identOf(nodeOf(nodeOf(nodeOf(first)['Unnamed'])['Expr'])['Identifier'])
    const isUnit = unitCalls.test(name) && unit !== null && units.test(unit.value)
    this.#expression(isUnit ? others : args['args'], scope)
    this.#expression([args['clauses'], nodeOf(node['args'])['Subquery'], node['filter'], node['over'], node['within_group']], scope)
  }

  #columnRef(path: readonly Ident[], scope: Scope): void {
    const last = lastOf(path)
    const span = { start: this.#span(certain(path[0])).start, end: this.#span(last).end }
    if (path.length === 1) return this.#unqualified(last, scope, span)
    if (path.length > 3) return this.#missing(path.map((part) => part.value).join('.'), [], span)
    this.#steps.spend(1 + scope.entries.length)
    const entries = scope.findEntries(certain(path.at(-2)).value, path.at(-3)?.value ?? null)
    if (entries.length === 0)
      return this.#missing(
        path
          .slice(-2)
          .map((part) => part.value)
          .join('.'),
        [],
        span,
      )
    for (const entry of entries) {
      const origins = entry.columns?.get(last.value.toLowerCase())
      if (origins !== undefined) this.#use(origins, span, true)
      else if (entry.columns !== null) this.#missing(last.value, [entry], span)
    }
  }

  #unqualified(ident: Ident, scope: Scope, span: ColumnUse['span']): void {
    const name = ident.value.toLowerCase()
    if (!ident.isQuoted && bareCalls.has(name.toUpperCase())) return
    let isAnythingPossible = false
    for (let level: Scope | null = scope; level !== null; level = level.parent) {
      this.#steps.spend(1 + level.entries.length)
      const owned = level.entries.map((entry) => entry.columns?.get(name)).filter((origins) => origins !== undefined)
      this.#use(owned.flat(), span, true)
      // A name of the select list stands in its own ORDER BY, GROUP BY and HAVING; whether in sub-selects there too is the server's to know.
      if (owned.length > 0 || (level === scope && level.outputNames.has(name))) return
      isAnythingPossible ||= level.outputNames.has(name)
      isAnythingPossible ||= level.entries.some((entry) => entry.columns === null)
    }
    if (!isAnythingPossible) this.#missing(ident.value, scope.allEntries(), span)
  }

  /** Names the query puts out. Origins are left empty: what was read was counted where it was read. */
  #projection(items: readonly Node[], scope: Scope): Columns {
    const columns = new Map<string, readonly Origin[]>()
    let isKnown = true
    for (const [at, item] of items.entries()) {
      const [kind, content] = kindOf(item)
      if (kind === 'Wildcard' || kind === 'QualifiedWildcard') {
        const entries = kind === 'Wildcard' ? scope.entries : this.#qualified(content, scope)
        this.#star(entries, this.#starSpan(content))
        for (const { columns: own } of entries) {
          this.#steps.spend(own?.size ?? 0)
          for (const name of own?.keys() ?? []) addColumn(columns, bareName(name), [])
          isKnown &&= own !== null
          if (columns.size >= mostOutputColumns) throw new TooMuchWork()
        }
        continue
      }
      this.#expression(kind === 'ExprWithAlias' ? nodeOf(content)['expr'] : content, scope)
      addColumn(columns, (outputName(item) ?? `expression ${at}`).toLowerCase(), [])
    }
    return isKnown ? columns : null
  }

  /** Once per entry: a star more of the same takes in nothing more, however often it is written. */
  #star(entries: readonly RangeEntry[], span: ColumnUse['span']): void {
    for (const entry of entries) {
      if (this.#starred.has(entry)) continue
      this.#starred.add(entry)
      for (const origins of entry.columns?.values() ?? []) this.#use(origins, span, false)
    }
  }

  #qualified(content: unknown, scope: Scope): readonly RangeEntry[] {
    const [, name] = kindOf(listOf(content)[0])
    const path = identsOf(name)
    const last = lastOf(path)
    const entries = scope.findEntries(last.value, path.at(-2)?.value ?? null)
    if (entries.length === 0) this.#missing(`${last.value}.*`, [], this.#span(last))
    return entries
  }

  #starSpan(content: unknown): ColumnUse['span'] {
    const options = nodeOf(Array.isArray(content) ? content[1] : content)
    return this.#places.span(certain(nodeOf(options['wildcard_token'])['span'] as ParserSpan)) // a star has one
  }

  #span(ident: Ident): ColumnUse['span'] {
    return this.#places.span(spanOfIdent(ident))
  }

  /** Beyond the first few names that are missing nobody reads what could have been meant. */
  #missing(name: string, entries: readonly RangeEntry[], span: ColumnUse['span']): void {
    const meant = this.result.missingColumns.length < 3 ? entries : []
    const candidates = meant.flatMap(({ columns }) => [...certain(columns).keys()].map(bareName))
    this.result.missingColumns.push({ name, span, candidates })
  }

  #use(origins: readonly Origin[], span: ColumnUse['span'], isNamed: boolean): void {
    for (const { relation, column, told } of origins)
      this.result.columns.push({ schema: relation.schema, relation: relation.name, column, told, span, isNamed })
  }
}

/** Fields whose names are no columns: aliases, windows, indexes, types, collations. */
const namesApart: ReadonlySet<string> = new Set([
  'alias',
  'NamedWindow',
  'window_name',
  'index_hints',
  'partitions',
  'data_type',
  'collation',
  'charset',
  'prefix',
  'name',
])
