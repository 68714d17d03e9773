import type { Reason, Span } from '../../../domain/index.ts'
import type { ColumnUse, MissingColumn, RelationUse, WriteUse } from '../analysis.ts'
import { certain, lastOf } from '../certain.ts'
import { addColumn, bareName } from '../column-map.ts'
import { TooMuchWork, type Steps } from '../effort.ts'
import { Joins } from '../joined-columns.ts'
import { attributeProblem, isReadFunction, type CallRules } from './call-rules.ts'
import { orderedItems, outputName } from './output-name.ts'
import { dottedBytes, forEachNode, list, names, spanOf, type Node } from './parse.ts'
import { areKnown, functionName, joinedColumns, valuesColumns, widthOf, type Columns } from './range-columns.ts'
import { rowMeant } from './row-meant.ts'
import { columnsOfRelation, renameColumns, Scope, systemColumns, visibleAliases, type Origin, type RangeEntry } from './scope.ts'
import { droppedRelations, isSystemName, systemRelation } from './system-names.ts'
import { writtenColumns } from './written-columns.ts'

/** The server takes no wider select list. */
const mostOutputColumns = 1_664

/** What the names of a statement stand for. */
export interface Resolution {
  readonly relations: RelationUse[]
  readonly columns: ColumnUse[]
  readonly missingColumns: MissingColumn[]
  readonly writes: WriteUse[]
  readonly problems: Reason[]
  /** References seen; the first pass has counted them all, so that none can be passed over. */
  readonly seen: Set<Node>
}

/**
 * Second pass: scopes as PostgreSQL has them. WITH queries shadow tables; a FROM item sees its left neighbours only when
 * LATERAL; an unqualified name is looked for level by level. What is not found is a problem, never a guess.
 */
export class Resolver {
  readonly result: Resolution = { relations: [], columns: [], missingColumns: [], writes: [], problems: [], seen: new Set() }
  readonly #rules: CallRules
  readonly #steps: Steps
  readonly #starred = new WeakSet<RangeEntry>()
  readonly #joins: Joins<Origin>

  constructor(rules: CallRules, steps: Steps) {
    this.#rules = rules
    this.#steps = steps
    this.#joins = new Joins(steps)
  }

  /** A SELECT, VALUES, TABLE or set operation; gives the columns it puts out. */
  select(node: Node, parent: Scope | null): Columns {
    const scope = new Scope(parent)
    this.#withClause(node['withClause'] as Node | undefined, scope)
    if (node['larg'] !== undefined) return this.#setOperation(node, scope)
    for (const item of list(node['fromClause'])) scope.entries.push(...this.#fromItem(item, scope))
    const targets = list(node['targetList'])
    const columns = parent === null ? null : this.#outputColumns(targets, scope) // of the outermost nobody asks
    this.#expressions(node, ['withClause', 'fromClause', 'sortClause', 'groupClause', 'distinctClause'], scope)
    const ordered = orderedItems(node)
    if (ordered.length > 0) {
      const outputNames = new Set(targets.map(outputName))
      for (const item of ordered) this.#ordered(item, outputNames, scope)
    }
    return node['valuesLists'] === undefined ? columns : valuesColumns(node)
  }

  #setOperation(node: Node, scope: Scope): Columns {
    const left = this.select(node['larg'] as Node, scope)
    this.select(node['rarg'] as Node, scope)
    scope.entries.push({ alias: null, schema: null, columns: left })
    this.#expressions(node, ['withClause', 'larg', 'rarg'], scope)
    return left
  }

  /**
   * Of ORDER BY, GROUP BY, DISTINCT ON: a name that stands alone may be one of the select list. Within an expression it never
   * is: there it is a column, of this SELECT or of one around it.
   */
  #ordered(item: Node, outputNames: ReadonlySet<string>, scope: Scope): void {
    const reference = item['ColumnRef'] as Node | undefined
    const fields = list(reference?.['fields'])
    const [name = ''] = names(fields)
    if (reference === undefined || fields.length > 1 || !outputNames.has(name)) return this.#expression(item, scope)
    this.result.seen.add(reference)
    for (const { columns } of scope.entries) this.#use(columns?.get(name) ?? [], spanOf(reference, Buffer.byteLength(name)), true)
  }

  #withClause(clause: Node | undefined, scope: Scope): void {
    if (clause === undefined) return
    const queries = list(clause['ctes']).map((item) => item['CommonTableExpr'] as Node)
    // Recursive queries see themselves and, whatever the order, each other.
    if (clause['recursive'] === true) for (const query of queries) scope.addCommonTable(String(query['ctename']), { columns: null })
    for (const query of queries) {
      const name = String(query['ctename'])
      const aliases = names(query['aliascolnames'])
      const inner = query['ctequery'] as Node
      const [kind = ''] = Object.keys(inner)
      const columns = kind === 'SelectStmt' ? this.select(inner[kind] as Node, scope) : this.write(kind, inner[kind] as Node, scope)
      const hasExtra = query['search_clause'] !== undefined || query['cycle_clause'] !== undefined
      scope.addCommonTable(name, { columns: hasExtra ? null : this.#renamed(columns, aliases) })
    }
  }

  /** INSERT, UPDATE, DELETE, MERGE; gives the columns RETURNING puts out. */
  write(kind: string, node: Node, parent: Scope | null): Columns {
    const scope = new Scope(parent)
    this.#withClause(node['withClause'] as Node | undefined, scope)
    if (node['selectStmt'] !== undefined) this.#expressions({ source: node['selectStmt'] }, [], scope)
    const relation = node['relation'] as Node
    const before = this.result.relations.length
    const target = this.#relation(relation)
    const use = this.result.relations[before] ?? null // none for a system table, which is a problem already
    const alias = (relation['alias'] as Node | undefined)?.['aliasname']
    scope.entries.push(typeof alias === 'string' ? { ...target, alias, schema: null } : target)
    for (const item of [node['sourceRelation'], ...list(node['fromClause']), ...list(node['usingClause'])]) {
      if (item !== undefined) scope.entries.push(...this.#fromItem(item as Node, scope))
    }
    if (use !== null) this.#writes(kind, node, use, target)
    const row = { schema: null, columns: target.columns }
    const inner = new Scope(scope)
    inner.entries.push({ ...row, alias: 'excluded' }, { ...row, alias: 'old' }, { ...row, alias: 'new' })
    const outer = new Scope(inner)
    outer.entries.push(...scope.entries)
    this.#expressions(node, ['withClause', 'relation', 'selectStmt', 'fromClause', 'usingClause', 'sourceRelation'], outer)
    return null
  }

  /** The columns that get a value, and those an upsert finds its rows by. */
  #writes(kind: string, node: Node, use: RelationUse, target: RangeEntry): void {
    const named = (name: string, at: Node): void => {
      const origins = target.columns?.get(name)
      const span = spanOf(at, Buffer.byteLength(name))
      if (origins !== undefined) this.#use(origins, span, true)
      else if (target.columns !== null) this.#missing(name, [...target.columns.keys()], span)
    }
    for (const { verb, targets, isWhole } of writtenColumns(kind, node)) {
      const names = targets?.map((item) => String(item['name'])) ?? [...(target.columns?.keys() ?? [])]
      if (targets === null) this.#star([target], use.span)
      else for (const item of targets) named(String(item['name']), item)
      this.result.writes.push({ target: use, verb, columns: names, isWhole })
    }
    const infer = (node['onConflictClause'] as Node | undefined)?.['infer'] as Node | undefined
    for (const item of list(infer?.['indexElems'])) {
      const element = item['IndexElem'] as Node
      if (typeof element['name'] === 'string') named(element['name'], element)
    }
  }

  /** Tables of a statement that is not a read, by name alone. */
  listNames(value: unknown, scope: Scope): void {
    for (const parts of droppedRelations(value as Node)) this.#relation({ relname: lastOf(parts), schemaname: parts.at(-2) })
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
    const visible = (): Scope => (node['lateral'] === true ? scope : scope.withoutEntries())
    switch (kind) {
      case 'RangeVar': {
        const entry = this.#rangeVar(node, scope)
        return [
          {
            ...entry,
            alias: aliasName ?? entry.alias,
            schema: aliasName === null ? entry.schema : null,
            columns: this.#renamed(entry.columns, aliasColumns),
          },
        ]
      }
      case 'RangeSubselect': {
        const subquery = (node['subquery'] as Node)['SelectStmt'] as Node
        return [{ alias: aliasName, schema: null, columns: this.#renamed(this.select(subquery, visible()), aliasColumns) }]
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
    const joinScope = new Scope(scope, true)
    joinScope.entries.push(...left)
    const right = this.#fromItem(node['rarg'] as Node, joinScope)
    joinScope.entries.push(...right)
    const both = [...left, ...right]
    this.#steps.spend(both.length)
    const isNatural = node['isNatural'] === true
    for (const { name, origins, isMissing } of this.#joins.compare(left, right, both, { using: names(node['usingClause']), isNatural })) {
      if (isMissing) this.#missing(name, [], spanOf(node, 1))
      this.#use(origins, spanOf(node, 1), !isNatural)
    }
    // ON sees the two sides and what is around the whole SELECT, but not the neighbours in its FROM.
    const sides = joinScope.withoutEntries()
    sides.entries.push(...both)
    if (node['quals'] !== undefined) this.#expressions({ quals: node['quals'] }, [], sides)
    const usingAlias = node['join_using_alias'] as Node | undefined
    if (alias === null && usingAlias === undefined) return both
    this.#steps.spend(widthOf(both) * 2)
    const columns = areKnown(both) ? joinedColumns(both) : null
    const extra: RangeEntry[] = usingAlias === undefined ? [] : [{ alias: String(usingAlias['aliasname']), schema: null, columns }]
    if (alias === null) return [...both, ...extra]
    if (columns !== null && aliasColumns.length === 0) return [{ alias, schema: null, columns }]
    // Which column each name stands for goes by the order of joined columns, which is not told here: any may be read.
    this.#star(both, spanOf(node, 1))
    return [{ alias, schema: null, columns: null }]
  }

  #rangeVar(node: Node, scope: Scope): RangeEntry {
    const name = node['relname'] as string
    const common = node['schemaname'] === undefined ? scope.findCommonTable(name) : null
    if (common === null) return this.#relation(node)
    this.result.seen.add(node)
    return { alias: name, schema: null, columns: common.columns }
  }

  /** A relation of the database, whatever WITH names there are: what a write goes to is always one. */
  #relation(node: Node): RangeEntry {
    this.result.seen.add(node)
    const name = node['relname'] as string
    const schema = node['schemaname'] === undefined ? null : (node['schemaname'] as string)
    const span = spanOf(node, dottedBytes(schema === null ? [name] : [schema, name]))
    const anything: RangeEntry = { alias: name, schema, columns: null }
    if (isSystemName(schema, name, node)) {
      this.result.problems.push(systemRelation(schema, name, span))
      return anything
    }
    const { index } = this.#rules
    const relation = schema === null ? (index?.findInPath(name) ?? null) : (index?.find(schema, name) ?? null)
    const writtenSchema = schema ?? index?.catalog.searchPath[0] ?? 'public'
    this.result.relations.push({ schema: relation?.schema ?? writtenSchema, name, relation, writtenSchema, span })
    if (relation === null) return { ...anything, untold: { schema: writtenSchema, name } }
    return { alias: relation.name, schema: relation.schema, columns: columnsOfRelation(relation) }
  }

  /** Every reference in some fields, in this scope; sub-selects open scopes of their own. */
  #expressions(fields: Node, except: readonly string[], scope: Scope): void {
    for (const field in fields) if (!except.includes(field)) this.#expression(fields[field], scope)
  }

  #expression(value: unknown, scope: Scope): void {
    if (Array.isArray(value)) for (const item of value) this.#expression(item, scope)
    else if (value !== null && typeof value === 'object') {
      const node = value as Node // the parser gives plain objects only
      for (const field in node) {
        const inner = node[field]
        if (field === 'ColumnRef') this.#columnRef(inner as Node, scope)
        else if (field === 'SelectStmt') this.select(inner as Node, scope)
        else if (field === 'A_Indirection') this.#indirection(inner as Node, scope)
        else if (field !== 'A_Const' && typeof inner === 'object') this.#expression(inner, scope) // of a value there is nothing to look up
      }
    }
  }

  /** `(alias).field` and `(alias.*).field`: of a row whose columns are known it is one of them, or a call in disguise. */
  #indirection(node: Node, scope: Scope): void {
    const row = (node['arg'] as Node)['ColumnRef'] as Node | undefined
    const [field] = names(list(node['indirection']).slice(0, 1))
    const entry = row === undefined || field === undefined ? null : rowMeant(row, scope)
    if (row === undefined || field === undefined || entry?.columns == null)
      return this.#expression([node['arg'], node['indirection']], scope)
    this.#expression(node['indirection'], scope)
    const origins = entry.columns.get(field)
    const span = spanOf(row, dottedBytes(names(row['fields'])))
    if (origins === undefined && isReadFunction(field)) return this.#expression(node['arg'], scope)
    this.result.seen.add(row)
    if (origins !== undefined) this.#use(origins, span, true)
    else this.#missing(field, this.#hints([entry]), span)
  }

  #columnRef(node: Node, scope: Scope): void {
    this.result.seen.add(node)
    this.#steps.spend(1 + scope.entries.length)
    const fields = node['fields'] as readonly Node[]
    const path = names(fields)
    const hasStar = path.length < fields.length && fields.at(-1)?.['A_Star'] !== undefined
    const span = spanOf(node, dottedBytes(path))
    if (hasStar && path.length === 0) return this.#star(scope.entries, span)
    const column = hasStar ? null : lastOf(path)
    const before = hasStar ? path.length : path.length - 1 // words that stand before the column
    if (before === 0) return this.#unqualified(lastOf(path), scope, span)
    const qualifier = certain(path[before - 1])
    const entry = scope.findEntry(qualifier, path[before - 2] ?? null)
    if (entry === null) return this.#missing(column === null ? qualifier : `${qualifier}.${column}`, visibleAliases(scope), span)
    if (column === null) return this.#star([entry], span)
    if (systemColumns.has(column)) return
    if (entry.columns === null) {
      if (entry.untold !== undefined) this.#useUntold(entry.untold, column, span)
      return this.#attribute(column, span)
    }
    const origins = entry.columns.get(column)
    if (origins === undefined) this.#missing(column, this.#hints([entry]), span)
    else this.#use(origins, span, true)
  }

  /** A field of something whose fields are not known may be a call in disguise. */
  #attribute(name: string, span: Span): void {
    const problem = attributeProblem(name, span, this.#rules)
    if (problem !== null) this.result.problems.push(problem)
  }

  #unqualified(column: string, scope: Scope, span: Span): void {
    for (let level: Scope | null = scope; level !== null; level = level.parent) {
      this.#steps.spend(1 + level.entries.length)
      let isOwned = false
      for (const { columns } of level.entries) {
        const origins = columns?.get(column)
        if (origins === undefined) continue
        isOwned = true
        this.#use(origins, span, true)
      }
      if (isOwned) return
    }
    const entries = scope.allEntries()
    // A whole row, where no column around has its name.
    const whole = entries.find((entry) => entry.alias === column)
    if (whole !== undefined) return this.#star([whole], span)
    const unknown = entries.filter((entry) => entry.columns === null)
    const [only] = unknown
    if (unknown.length === 1 && only?.untold !== undefined) this.#useUntold(only.untold, column, span)
    if (unknown.length > 0 || systemColumns.has(column)) return
    this.#missing(column, this.#hints(entries), span)
  }

  /** Beyond the first few names that are missing nobody reads what could have been meant. */
  #hints(entries: readonly RangeEntry[]): string[] {
    if (this.result.missingColumns.length >= 3) return []
    return entries.flatMap(({ columns }) => [...certain(columns).keys()].map(bareName))
  }

  /** Once per entry: a star more of the same takes in nothing more, however often it is written. */
  #star(entries: readonly RangeEntry[], span: Span): void {
    for (const entry of entries) {
      if (this.#starred.has(entry)) continue
      this.#starred.add(entry)
      this.#steps.spend(entry.columns?.size ?? 0)
      for (const origins of entry.columns?.values() ?? []) this.#use(origins, span, false)
    }
  }

  #renamed(columns: Columns, aliases: readonly string[]): Columns {
    if (columns !== null && aliases.length > 0) this.#steps.spend(columns.size)
    return renameColumns(columns, aliases)
  }

  #missing(name: string, candidates: readonly string[], span: Span): void {
    this.result.missingColumns.push({ name, span, candidates })
  }

  #use(origins: readonly Origin[], span: Span, isNamed: boolean): void {
    for (const { relation, column, told } of origins)
      this.result.columns.push({ schema: relation.schema, relation: relation.name, column, told, span, isNamed })
  }

  #useUntold({ schema, name }: { readonly schema: string; readonly name: string }, column: string, span: Span): void {
    this.result.columns.push({ schema, relation: name, column, told: `${schema}.${name}.${column}`, span, isNamed: true })
  }

  /** Names the query puts out. Origins are left empty: what was read was counted where it was read. */
  #outputColumns(targets: readonly Node[], scope: Scope): Columns {
    const columns = new Map<string, readonly Origin[]>()
    for (const target of targets) {
      this.#steps.spend(1 + scope.entries.length)
      const node = target['ResTarget'] as Node
      const fields = ((node['val'] as Node | undefined)?.['ColumnRef'] as Node | undefined)?.['fields'] as readonly Node[] | undefined
      if (fields?.at(-1)?.['A_Star'] === undefined) {
        if ((node['val'] as Node | undefined)?.['A_Indirection'] !== undefined) return null // (row).* puts out any number of columns
        addColumn(columns, outputName(target), [])
        continue
      }
      const qualifier = names(fields)
      const entries = qualifier.length === 0 ? scope.entries : [scope.findEntry(lastOf(qualifier), qualifier.at(-2) ?? null)]
      for (const { columns: own } of entries.filter((entry) => entry !== null)) {
        if (own === null) return null
        this.#steps.spend(own.size)
        for (const name of own.keys()) addColumn(columns, bareName(name), [])
        if (columns.size > mostOutputColumns) throw new TooMuchWork()
      }
    }
    return columns
  }
}
