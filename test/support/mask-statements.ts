import type { Dice } from './dice.ts'
import { dialectFacts } from '../../src/domain/index.ts'
import { tables } from './mask-world.ts'

/** Something in a FROM, and the names of its columns as they are written. */
interface Source {
  readonly from: string
  readonly alias: string
  readonly columns: readonly string[]
}

export type MakerDialect = 'postgres' | 'sqlite' | 'mariadb' | 'mysql'

/** Reads over the tables of the world: joins, subselects, WITH, set operations, aggregates, windows, whole rows. */
export class StatementMaker {
  readonly #dice: Dice
  readonly #dialect: MakerDialect
  #names = 0

  constructor(dice: Dice, dialect: MakerDialect) {
    this.#dice = dice
    this.#dialect = dialect
  }

  get #isMysql(): boolean {
    return this.#dialect === 'mariadb' || this.#dialect === 'mysql'
  }

  get #isPlain(): boolean {
    return this.#dialect !== 'postgres'
  }

  #quote(name: string): string {
    if (/^[a-z_]+$/.test(name)) return name
    return dialectFacts[this.#dialect].quoteIdentifier(name)
  }

  statement(): string {
    const dice = this.#dice
    switch (dice.below(6)) {
      case 0: {
        const [one, other] = [this.#select(1, 1), this.#select(1, 1)]
        return `${one} ${dice.pick(['UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT'])} ${other}`
      }
      case 1:
        return `WITH w AS (${this.#select(2, 1)}) SELECT ${this.#text('a0')} AS a0, count(*) FROM w GROUP BY ${this.#text('a0')}`
      case 2:
        return this.#grouped()
      default:
        return this.#select(1 + dice.below(3), 0)
    }
  }

  /** Text compares alike whatever type a mask has given a column. */
  #text(expression: string): string {
    return `CAST(${expression} AS ${this.#isMysql ? 'char' : 'text'})`
  }

  #source(depth: number): Source {
    const dice = this.#dice
    const alias = `t${this.#names++}`
    if (depth < 2 && dice.chance(0.2)) {
      return { from: `(${this.#select(2, depth + 1)}) AS ${alias}`, alias, columns: ['a0', 'a1'] }
    }
    if (dice.chance(0.15)) return { from: `v_customer AS ${alias}`, alias, columns: ['id', 'name', 'mail', 'born'] }
    const table = dice.pick(tables)
    const quote = (name: string): string => this.#quote(name)
    const columns = table.columns.map(([name]) => quote(name))
    if (dice.chance(0.1)) return { from: quote(table.name), alias: quote(table.name), columns }
    if (this.#isPlain || dice.chance(0.6)) return { from: `${quote(table.name)} ${dice.pick(['AS ', ''])}${alias}`, alias, columns }
    const renamed = columns.map((_, at) => `r${at}`)
    return dice.pick<Source>([
      { from: `public.${quote(table.name)} ${alias}`, alias, columns },
      { from: `ONLY ${quote(table.name)} ${alias}`, alias, columns },
      { from: `(TABLE ${quote(table.name)}) ${alias}`, alias, columns },
      { from: `${quote(table.name)} AS ${alias} (${renamed.join(', ')})`, alias, columns: renamed },
      { from: `(SELECT (x).* FROM ${quote(table.name)} x) ${alias}`, alias, columns },
    ])
  }

  #sources(depth: number): { readonly from: string; readonly all: readonly Source[] } {
    const dice = this.#dice
    const first = this.#source(depth)
    if (dice.chance(0.5)) return { from: first.from, all: [first] }
    const second = this.#source(depth)
    if (second.alias === first.alias) return { from: first.from, all: [first] }
    const on = `${this.#text(this.#column([first]))} = ${this.#text(this.#column([second]))}`
    const kind = dice.pick(['JOIN', 'LEFT JOIN', 'RIGHT JOIN', this.#isMysql ? 'CROSS JOIN' : 'FULL JOIN'])
    return { from: `${first.from} ${kind} ${second.from}${kind === 'CROSS JOIN' ? '' : ` ON ${on}`}`, all: [first, second] }
  }

  #column(sources: readonly Source[]): string {
    const source = this.#dice.pick(sources)
    return `${source.alias}.${this.#dice.pick(source.columns)}`
  }

  #expression(sources: readonly Source[]): string {
    const column = this.#column(sources)
    const text = this.#text(column)
    const shared = [
      text,
      text,
      text,
      `coalesce(${text}, 'none')`,
      `length(${text})`,
      `upper(${text})`,
      `CASE WHEN ${this.#condition(sources)} THEN ${text} END`,
    ]
    // A row of a table under other column names keeps the table's in JSON; a row of a select over it has the new ones.
    const source = this.#dice.pick(sources)
    const isRenamed = source.columns[0] === 'r0'
    const whole = [
      `CAST(${source.alias} AS text)`,
      `CAST(to_jsonb(${source.alias}) AS text)`,
      `CAST(row_to_json(${source.alias}) AS text)`,
      `md5(${text})`,
    ]
    const subselect = `(SELECT max(${this.#text('s.email')}) FROM customer s WHERE ${this.#text('s.region')} = ${text})`
    return this.#dice.pick(this.#isPlain || isRenamed ? [...shared, subselect] : [...shared, subselect, ...whole])
  }

  #condition(sources: readonly Source[]): string {
    const dice = this.#dice
    const text = this.#text(this.#column(sources))
    const value = dice.pick(['1', '5', '7', 'EU', 'red', 'name 1', 'secret', '2024-05', '****', '1961'])
    switch (dice.below(8)) {
      case 0:
        return `${text} LIKE '%${value}%'`
      case 1:
        return `${this.#column(sources)} IS ${dice.pick(['', 'NOT '])}NULL`
      case 2:
        return `${text} IN (SELECT ${this.#text(dice.pick(['i.email', 'i.phone', 'i.region', 'i.id']))} FROM customer i)`
      case 3:
        return `EXISTS (SELECT 1 FROM sales_order e WHERE ${this.#text('e.customer_id')} = ${text})`
      case 4:
        return `NOT (${text} = '${value}')`
      case 5:
        return `(${text} < '${value}' OR ${this.#text(this.#column(sources))} >= '${value}')`
      default:
        return `${text} ${dice.pick(['<', '>', '=', '<>'])} '${value}'`
    }
  }

  #select(width: number, depth: number): string {
    const dice = this.#dice
    const { from, all } = this.#sources(depth)
    const isWindowed = dice.chance(0.15)
    const items = Array.from({ length: depth > 0 ? Math.max(width, depth === 1 ? 1 : 2) : width }, () => this.#expression(all))
    if (depth > 0 && items.length < 2 && width > 1) items.push(this.#expression(all))
    if (isWindowed && depth === 0) items.push(`count(*) OVER (PARTITION BY ${this.#text(this.#column(all))})`)
    const list = items.map((item, at) => `${item} AS a${at}`).join(', ')
    const padded = depth > 0 && width > 1 && items.length === 1 ? `${list}, 1 AS a1` : list
    const where = dice.chance(0.6) ? ` WHERE ${this.#condition(all)}` : ''
    const star = depth === 0 && !isWindowed && dice.chance(0.15) ? `${dice.pick(all).alias}.*` : padded
    return `SELECT ${dice.chance(0.15) ? 'DISTINCT ' : ''}${star} FROM ${from}${where}`
  }

  #grouped(): string {
    const dice = this.#dice
    const { from, all } = this.#sources(0)
    const key = this.#text(this.#column(all))
    const text = this.#text(this.#column(all))
    const concat = {
      postgres: `string_agg(${text}, ',' ORDER BY ${text})`,
      sqlite: `group_concat(${text}, ',' ORDER BY ${text})`,
      mariadb: `group_concat(${text} ORDER BY ${text} SEPARATOR ',')`,
      mysql: `group_concat(${text} ORDER BY ${text} SEPARATOR ',')`,
    }[this.#dialect]
    const aggregate = dice.pick([
      `min(${text})`,
      `max(${text})`,
      `count(DISTINCT ${text})`,
      `count(${text})`,
      concat,
      `sum(length(${text}))`,
    ])
    const having = dice.chance(0.3) ? ` HAVING count(*) > ${dice.below(3)}` : ''
    const where = dice.chance(0.4) ? ` WHERE ${this.#condition(all)}` : ''
    return `SELECT ${key} AS k, ${aggregate} AS v FROM ${from}${where} GROUP BY ${key}${having} ORDER BY 2, 1 LIMIT ${3 + dice.below(20)}`
  }
}
