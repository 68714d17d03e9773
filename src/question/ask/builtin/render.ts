import { dialectFacts, type Catalog, type Dialect, type Relation } from '../../../domain/index.ts'
import { connect, distance, rivals, singleKey, type Edge } from './join-graph.ts'
import type { ColumnTest, Condition, Output, Plan } from './plan.ts'
import { isBooleanType, isNumberType, type ColumnRef, type Span } from './vocabulary.ts'

const reserved = new Set(
  'all and any array as asc both case cast check collate column constraint create cross current_date default desc distinct do else end except false fetch for foreign from full grant group having in initially inner intersect into is join lateral leading left like limit natural not null offset on only or order outer primary references right select some table then to trailing true union unique user using values when where window with'.split(
    ' ',
  ),
)

/** Reserved by MySQL 8 or MariaDB besides. */
const reservedByMysql = new Set(
  'add alter analyze before between bigint binary by call cascade change char character condition continue convert cube cume_dist databases database dec decimal declare delayed delete dense_rank describe deterministic distinctrow div double drop dual each elseif empty enclosed escaped exists exit explain first_value float force fulltext function generated get grouping groups high_priority if ignore index infile inout insert int integer interval iterate key keys kill lag last_value lead leave linear lines load localtime localtimestamp lock long loop low_priority match maxvalue mod modifies no_write_to_binlog nth_value ntile numeric of optimize option optionally out outfile over partition percent_rank precision procedure purge range rank read reads real recursive regexp release rename repeat replace require resignal restrict return revoke rlike row rows row_number schema schemas separator set show signal smallint spatial specific sql ssl starting stored straight_join system terminated tinyint trigger undo unlock unsigned update usage use utc_date utc_time utc_timestamp varbinary varchar varying virtual while write xor zerofill'.split(
    ' ',
  ),
)

interface Rendered {
  readonly sql: string
  /** Names of the tables it reads, each once, in the order of the text. */
  readonly tables: readonly string[]
}

/** Writes the plan as one SELECT, or says why its relations cannot be joined. `said`: roots of the question's words. */
export function render(plan: Plan, catalog: Catalog, said: ReadonlySet<string>): Rendered | { readonly problem: string } {
  return new Writer(plan, catalog, said).write()
}

class Writer {
  readonly #plan: Plan
  readonly #catalog: Catalog
  readonly #dialect: Dialect
  readonly #said: ReadonlySet<string>
  #edges: readonly Edge[] = []
  #relations: readonly Relation[] = []
  readonly #tables = new Set<string>()

  constructor(plan: Plan, catalog: Catalog, said: ReadonlySet<string>) {
    this.#plan = plan
    this.#said = said
    this.#catalog = catalog
    this.#dialect = catalog.dialect
  }

  write(): Rendered | { readonly problem: string } {
    const plan = this.#plan
    const edges = connect(this.#catalog, this.#wanted(), this.#said)
    if (edges === null) return { problem: 'The tables this is about are not connected by keys.' }
    const [tied] = edges.flatMap((edge) => rivals(this.#catalog, edge, this.#said).map((rival) => [edge, rival] as const))
    if (tied !== undefined)
      return { problem: `${tied[0].from.name} and ${tied[0].to.name} are connected in two ways; I cannot tell which is meant.` }
    this.#edges = edges
    const [root = plan.subject] = this.#wanted()
    this.#relations = [root, ...edges.map((edge) => edge.to)]
    const outputs = [...new Set(plan.outputs.map((output) => this.#output(output)))]
    const lines = [
      `SELECT ${plan.isDistinct ? 'DISTINCT ' : ''}${outputs.join(', ')}`,
      `FROM ${this.#table(root)}`,
      ...edges.map((edge) => this.#join(edge)),
    ]
    const conditions = plan.conditions.map((condition) => this.#condition(condition))
    if (conditions.length > 0) lines.push(`WHERE ${conditions.join(' AND ')}`)
    const groups = this.#groups()
    if (groups.length > 0) lines.push(`GROUP BY ${groups.join(', ')}`)
    if (plan.having.length > 0)
      lines.push(
        `HAVING ${plan.having.map(({ output, comparison, value }) => `${this.#output(output)} ${comparison} ${value}`).join(' AND ')}`,
      )
    if (plan.orders.length > 0)
      lines.push(
        `ORDER BY ${plan.orders.map(({ output, isDescending }) => `${this.#output(output)}${isDescending ? ' DESC' : ''}${this.#nullsLast(output, isDescending)}`).join(', ')}`,
      )
    if (plan.limit !== null) lines.push(`LIMIT ${plan.limit}`)
    return { sql: lines.join('\n'), tables: [...this.#tables] }
  }

  /** Relations the statement needs, the subject first, then nearest first so that paths are shared. */
  #wanted(): Relation[] {
    const plan = this.#plan
    const refs = [
      ...plan.outputs.flatMap(relationsIn),
      ...plan.groups.map((column) => column.relation),
      ...plan.having.map(({ output }) => relationOf(output)),
      ...plan.orders.map(({ output }) => relationOf(output)),
      ...plan.joined,
    ]
    for (const condition of plan.conditions) refs.push(...relationsOf(condition))
    const needed = new Set(refs)
    const root = needed.has(plan.subject) || needed.size === 0 ? plan.subject : ([...needed][0] ?? plan.subject)
    const rest = [...needed].filter((relation) => relation !== root)
    return [root, ...rest.toSorted((a, b) => distance(this.#catalog, root, a) - distance(this.#catalog, root, b))]
  }

  /** Every plain output and order must be grouped by when anything is aggregated; a key makes equal names stay apart. */
  #groups(): string[] {
    const plan = this.#plan
    const columns = [...plan.groups]
    const isAggregating = [...plan.outputs, ...plan.orders.map((order) => order.output), ...plan.having.map((one) => one.output)].some(
      (output) => output.kind !== 'column' && output.kind !== 'all',
    )
    if (!isAggregating) return []
    for (const output of [...plan.outputs, ...plan.orders.map((order) => order.output)])
      if (output.kind === 'column') columns.push(output.column)
    return [...new Set(columns.map((column) => this.#column(column)))]
  }

  #nullsLast(output: Output, isDescending: boolean): string {
    const isNullable = output.kind === 'column' && output.column.column.isNullable
    // MySQL and MariaDB hold NULL for the least value, and have no word for another order.
    return isDescending && isNullable && this.#plan.limit !== null && !isMysql(this.#dialect) ? ' NULLS LAST' : ''
  }

  #join(edge: Edge): string {
    const on = edge.pairs.map(([from, to]) => `${this.#qualifiedAlways(edge.from, from)} = ${this.#qualifiedAlways(edge.to, to)}`)
    return `JOIN ${this.#table(edge.to)} ON ${on.join(' AND ')}`
  }

  #output(output: Output): string {
    switch (output.kind) {
      case 'column':
        return this.#column(output.column)
      case 'all':
        return this.#relations.length > 1 ? `${this.#identifier(output.relation.name)}.*` : '*'
      case 'count':
        return `count(${this.#counted(output.relation)})`
      case 'share': {
        const tests = output.tests.map((test) => this.#test(test, this.#column(test.column))).join(' AND ')
        return `avg(CASE WHEN ${tests} THEN ${output.isPercent ? '100.0' : '1.0'} ELSE 0 END)`
      }
      case 'mean-count':
        return `count(*) * 1.0 / count(DISTINCT ${this.#column(output.per)})`
      case 'aggregate':
        return `${output.aggregate}(${output.isDistinct ? 'DISTINCT ' : ''}${this.#column(output.column)})`
    }
  }

  /** Rows of a relation count once, however many rows of others are joined to each. */
  #counted(relation: Relation): string {
    const key = singleKey(relation)
    const isFanned = this.#relations.some((other) => other !== relation && this.#fansOut(relation, other))
    return isFanned && key !== null ? `DISTINCT ${this.#qualified(relation, key)}` : '*'
  }

  /** true: one row of `from` meets several of `to` along the joins of this statement. */
  #fansOut(from: Relation, to: Relation): boolean {
    const seen = new Set([from])
    const walk = (at: Relation, isFanned: boolean): boolean | null => {
      if (at === to) return isFanned
      for (const edge of this.#edges) {
        const next = edge.from === at ? edge.to : edge.to === at ? edge.from : null
        if (next === null || seen.has(next)) continue
        seen.add(next)
        const forward = edge.from === at ? edge.fansOut : !edge.fansOut
        const found = walk(next, isFanned || forward)
        if (found !== null) return found
      }
      return null
    }
    return walk(from, false) ?? false
  }

  #condition(condition: Condition): string {
    switch (condition.kind) {
      case 'any':
        return `(${condition.of.map((test) => this.#test(test, this.#column(test.column))).join(' OR ')})`
      case 'exists':
        return this.#exists(condition)
      case 'among':
        return this.#among(condition)
      case 'others':
        return this.#others(condition)
      case 'aggregate':
        return `${this.#column(condition.column)} ${condition.comparison} (SELECT ${condition.aggregate}(${this.#bare(condition.column)}) FROM ${this.#table(condition.column.relation)})`
      default:
        return this.#test(condition, this.#column(condition.column))
    }
  }

  #test(condition: ColumnTest, column: string): string {
    switch (condition.kind) {
      case 'between':
        return `${column} BETWEEN ${literal(condition.low, condition.column, this.#dialect)} AND ${literal(condition.high, condition.column, this.#dialect)}`
      case 'period': {
        const parts = [
          condition.from === null ? null : `${column} >= ${dateLiteral(condition.from, this.#dialect)}`,
          condition.to === null ? null : `${column} < ${dateLiteral(condition.to, this.#dialect)}`,
        ]
        return parts.filter((part) => part !== null).join(' AND ')
      }
      case 'compare':
        return this.#compare(column, condition)
    }
  }

  #compare(column: string, { comparison, value, column: ref }: Extract<Condition, { kind: 'compare' }>): string {
    if (comparison === 'is null') return `${column} IS NULL`
    if (comparison === 'is not null') return `${column} IS NOT NULL`
    if (comparison === 'like' || comparison === 'not like') {
      const operator = `${comparison === 'like' ? '' : 'NOT '}${this.#dialect === 'postgres' ? 'ILIKE' : 'LIKE'}`
      return `${column} ${operator} ${text(String(value), this.#dialect)}`
    }
    return `${column} ${comparison} ${literal(value, ref, this.#dialect)}`
  }

  #exists({ isNegated, relation, other, where }: Extract<Condition, { kind: 'exists' }>): string {
    const path = connect(this.#catalog, [relation, other, ...where.map((test) => test.column.relation)], this.#said) ?? []
    const [first, ...rest] = path
    if (first === undefined) return 'true'
    const joins = rest.map((edge) => ` ${this.#join(edge)}`).join('')
    const on = first.pairs.map(([from, to]) => `${this.#qualifiedAlways(first.from, from)} = ${this.#qualifiedAlways(first.to, to)}`)
    return `${isNegated ? 'NOT ' : ''}EXISTS (SELECT 1 FROM ${this.#table(first.to)}${joins} WHERE ${[...on, ...this.#inner(where)].join(' AND ')})`
  }

  #among({ column, isNegated, where }: Extract<Condition, { kind: 'among' }>): string {
    const edges = connect(this.#catalog, [column.relation, ...where.map((test) => test.column.relation)], this.#said) ?? []
    const joins = edges.map((edge) => ` ${this.#join(edge)}`).join('')
    const own = this.#qualifiedAlways(column.relation, column.column.name)
    // NOT IN over a list with a NULL in it is never true.
    const known = isNegated && column.column.isNullable ? [`${own} IS NOT NULL`] : []
    return `${this.#column(column)} ${isNegated ? 'NOT ' : ''}IN (SELECT ${own} FROM ${this.#table(column.relation)}${joins} WHERE ${[...known, ...this.#inner(where)].join(' AND ')})`
  }

  #others({ column, comparison, aggregate, where }: Extract<Condition, { kind: 'others' }>): string {
    const own = this.#qualifiedAlways(column.relation, column.column.name)
    const operator = aggregate === null ? 'IN' : comparison
    const value = aggregate === null ? own : `${aggregate}(${own})`
    return `${this.#column(column)} ${operator} (SELECT ${value} FROM ${this.#table(column.relation)} WHERE ${this.#inner(where).join(' AND ')})`
  }

  #inner(where: readonly ColumnTest[]): string[] {
    return where.map((test) => this.#test(test, this.#qualifiedAlways(test.column.relation, test.column.column.name)))
  }

  #column(ref: ColumnRef): string {
    const column = this.#qualified(ref.relation, ref.column.name)
    if (ref.times !== undefined) return this.#money(ref.relation, column, ref.times)
    return ref.span === undefined ? column : spanOf(column, ref.span, this.#dialect)
  }

  #money(relation: Relation, price: string, { quantity, discount, isPercent }: NonNullable<ColumnRef['times']>): string {
    const whole = `${this.#qualified(relation, quantity.name)} * ${price}`
    if (discount === null) return whole
    const less = this.#qualified(relation, discount.name)
    return `${whole} * (1 - ${isPercent ? `${less} / 100.0` : less})`
  }

  #bare(ref: ColumnRef): string {
    return this.#identifier(ref.column.name)
  }

  #qualified(relation: Relation, column: string): string {
    return this.#relations.length > 1 ? this.#qualifiedAlways(relation, column) : this.#identifier(column)
  }

  #qualifiedAlways(relation: Relation, column: string): string {
    return `${this.#identifier(relation.name)}.${this.#identifier(column)}`
  }

  #table(relation: Relation): string {
    this.#tables.add(relation.name)
    const isFound =
      relation.schema === (this.#catalog.searchPath[0] ?? dialectFacts[this.#dialect].defaultSchema) || this.#dialect === 'sqlite'
    return isFound ? this.#identifier(relation.name) : `${this.#identifier(relation.schema)}.${this.#identifier(relation.name)}`
  }

  #identifier(name: string): string {
    const facts = dialectFacts[this.#dialect]
    return facts.needsQuotes(name) ||
      reserved.has(name.toLowerCase()) ||
      (isMysql(this.#dialect) && reservedByMysql.has(name.toLowerCase()))
      ? facts.quoteIdentifier(name)
      : name
  }
}

/** Relations of the statement itself that a condition speaks of; those of its own subselect are not among them. */
function relationsOf(condition: Condition): readonly Relation[] {
  switch (condition.kind) {
    case 'exists':
      return []
    case 'any':
      return condition.of.map((test) => test.column.relation)
    default:
      return [condition.column.relation]
  }
}

function relationsIn(output: Output): readonly Relation[] {
  if (output.kind === 'share') return [output.relation, ...output.tests.map((test) => test.column.relation)]
  return output.kind === 'mean-count' ? [output.relation, output.per.relation] : [relationOf(output)]
}

function relationOf(output: Output): Relation {
  return output.kind === 'column' || output.kind === 'aggregate' ? output.column.relation : output.relation
}

function literal(value: string | number, { column }: ColumnRef, dialect: Dialect): string {
  if (isBooleanType(column.type)) return /^(true|t|yes|1)$/i.test(String(value)) ? 'true' : 'false'
  if (typeof value === 'number') return isNumberType(column.type) ? String(value) : text(String(value), dialect)
  if (isNumberType(column.type) && /^-?\d+(\.\d+)?$/.test(value)) return value
  return text(value, dialect)
}

/** The first day of the span a date lies in; of a year, its number. */
function spanOf(column: string, span: Span, dialect: Dialect): string {
  if (dialect === 'postgres') return span === 'year' ? `EXTRACT(YEAR FROM ${column})` : `date_trunc('${span}', ${column})`
  const formats = { day: '%Y-%m-%d', month: '%Y-%m-01', year: '%Y' }
  return dialect === 'sqlite' ? `strftime('${formats[span]}', ${column})` : `date_format(${column}, '${formats[span]}')`
}

function isMysql(dialect: Dialect): boolean {
  return dialect === 'mysql' || dialect === 'mariadb'
}

function dateLiteral(day: string, dialect: Dialect): string {
  return dialect === 'postgres' ? `DATE '${day}'` : `'${day}'`
}

/** On MySQL and MariaDB a backslash in a string takes the next character along. */
function text(value: string, dialect: Dialect): string {
  const written = isMysql(dialect) ? value.replaceAll('\\', '\\\\') : value
  return `'${written.replaceAll("'", "''")}'`
}
