import { createHash } from 'node:crypto'
import {
  openPolicy,
  type Attributes,
  type DateUnit,
  type FilterRule,
  type Mask,
  type MaskRule,
  type Policy,
} from '../../src/domain/index.ts'

/** One table of the world: columns with their PostgreSQL types, and rows as text. */
export interface WorldTable {
  readonly name: string
  readonly columns: readonly (readonly [name: string, type: string])[]
  readonly rows: readonly (readonly (string | null)[])[]
  /** What stands behind the columns of a CREATE TABLE, where it is no plain one. */
  readonly suffix?: string
  readonly primaryKey?: string
}

export const maskKey = createHash('sha256').update('test key').digest('hex')

/** Who asks: one who may see region EU and two teams. */
export const attributes: Attributes = Object.assign(Object.create(null), {
  name: 'ada',
  kind: 'person',
  roles: ['reader'],
  region: 'EU',
  teams: ['red', 'blue "x" \\'],
})

/** Whatever a mask hides holds SECRET, whatever a filter hides HIDDEN; or a number that begins with 7777. */
export const marker = /SECRET|HIDDEN|7777|5555|secret-|hidden-/i

const hidden = (region: string): boolean => region !== 'EU'

function customers(): (string | null)[][] {
  return Array.from({ length: 14 }, (_, at) => {
    const id = at + 1
    const region = id % 3 === 0 ? 'US' : 'EU'
    const word = hidden(region) ? `HIDDEN-${id}` : `name ${id}`
    const email = id === 5 ? null : `secret-${String.fromCharCode(96 + (id % 5) + 1)}${id}@example.org`
    const team = ['red', 'blue "x" \\', 'green', null][id % 4] ?? null
    const number = hidden(region) ? `7777${id}` : `${id}`
    return [
      number,
      word,
      email,
      `55551${String(10 + id)}-SECRET${id % 4}`,
      `19${60 + id}-0${(id % 9) + 1}-15`,
      `${5555 + id}.50`,
      region,
      team,
      id % 2 === 0 ? 't' : 'f',
    ]
  })
}

function orders(): (string | null)[][] {
  return Array.from({ length: 30 }, (_, at) => {
    const id = at + 1
    const customer = customers()[id % 14]?.[0] ?? '1'
    const region = id % 4 === 0 ? 'US' : 'EU'
    const isHidden = hidden(region)
    return [
      isHidden ? `7777${id}` : `${id}`,
      customer.startsWith('7777') && !isHidden ? '1' : customer,
      `${id * 10}.25`,
      `2024-0${(id % 9) + 1}-10 08:${10 + id}:00`,
      region,
      isHidden ? `HIDDEN-note-${id}` : `note ${id % 5}`,
    ]
  })
}

export const tables: readonly WorldTable[] = [
  {
    name: 'customer',
    columns: [
      ['id', 'integer'],
      ['name', 'text'],
      ['email', 'text'],
      ['phone', 'text'],
      ['born', 'date'],
      ['credit', 'numeric'],
      ['region', 'text'],
      ['team', 'text'],
      ['vip', 'boolean'],
    ],
    rows: customers(),
  },
  {
    name: 'sales_order',
    columns: [
      ['id', 'integer'],
      ['customer_id', 'integer'],
      ['total', 'numeric'],
      ['placed', 'timestamp without time zone'],
      ['region', 'text'],
      ['note', 'text'],
    ],
    rows: orders(),
  },
  {
    name: 'Odd Name',
    columns: [
      ['Id', 'integer'],
      ['E "mail"', 'text'],
      ['region', 'text'],
    ],
    rows: [
      ['1', 'secret-odd', 'EU'],
      ['77772', 'hidden-odd', 'US'],
      ['3', null, 'EU'],
    ],
  },
  {
    name: 'contact',
    columns: [
      ['id', 'integer'],
      ['email', 'text'],
      ['city', 'text'],
    ],
    rows: [
      ['1', 'secret-c1', 'Oslo'],
      ['2', 'secret-c2', 'Bergen'],
    ],
  },
  {
    name: 'plain',
    columns: [
      ['id', 'integer'],
      ['label', 'text'],
    ],
    rows: [
      ['1', 'one'],
      ['2', 'two'],
      ['3', null],
    ],
  },
]

export const masks: readonly MaskRule[] = [
  rule(['customer'], ['email'], { kind: 'hash' }),
  rule(['customer'], ['phone'], { kind: 'partial', show: 'last', count: 2 }),
  rule(['customer'], ['born'], { kind: 'bucket', by: 'year' }),
  rule(['customer'], ['credit'], { kind: 'null' }),
  rule(['Odd Name'], ['E "mail"'], { kind: 'constant', value: 'x@y' }),
  rule(['contact'], ['email'], { kind: 'null' }),
]

export const filters: readonly FilterRule[] = [
  { roles: [], tables: ['customer', 'sales_order', 'odd name'], where: `region = actor.region` },
]

export function rule(tableNames: readonly string[], columns: readonly string[], mask: Mask): MaskRule {
  return { roles: [], tables: tableNames, columns, mask }
}

export function policyWith(more: Partial<Policy>): Policy {
  return { ...openPolicy, ...more, version: createHash('sha256').update(JSON.stringify(more)).digest('hex') }
}

export const policy: Policy = policyWith({ masks, filters })

/** A mask, told a second time: what the clean world holds in the place of a value. */
export function masked(value: string | null, type: string, mask: Mask): string | null {
  if (mask.kind === 'constant') return mask.value
  if (value === null || mask.kind === 'null') return null
  if (mask.kind === 'hash')
    return createHash('sha256')
      .update(maskKey + value)
      .digest('hex')
      .slice(0, 32)
  if (mask.kind === 'bucket')
    return typeof mask.by === 'number' ? `${Math.floor(Number(value) / mask.by) * mask.by}` : cutDate(value, mask.by, type)
  if (value.length < 2 * mask.count) return '****'
  return mask.show === 'last' ? `****${value.slice(-mask.count)}` : `${value.slice(0, mask.count)}****`
}

function cutDate(value: string, unit: DateUnit, type: string): string {
  const date = new Date(`${value.replace(' ', 'T')}${value.length > 10 ? '' : 'T00:00:00'}Z`)
  if (unit !== 'hour') date.setUTCHours(0)
  date.setUTCMinutes(0, 0, 0)
  if (unit === 'week') date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7))
  if (unit === 'month' || unit === 'quarter' || unit === 'year') date.setUTCDate(1)
  if (unit === 'quarter') date.setUTCMonth(date.getUTCMonth() - (date.getUTCMonth() % 3))
  if (unit === 'year') date.setUTCMonth(0)
  const text = date.toISOString()
  return type === 'date' ? text.slice(0, 10) : text.slice(0, 19).replace('T', ' ')
}

/** The type a masked column has. */
export function maskedType(type: string, mask: Mask): string {
  if (mask.kind === 'hash' || mask.kind === 'partial') return 'text'
  if (mask.kind === 'bucket' && typeof mask.by === 'number') return 'numeric'
  if (mask.kind !== 'constant') return type
  return type === 'integer' && /^\d+$/.test(mask.value) ? 'numeric' : 'text'
}

/** Which rows and values a holder of the attributes has: each table as it would be without the rest. */
export function cleanTables(
  given: Pick<Policy, 'masks' | 'filters'>,
  isVisible: (row: Readonly<Record<string, string | null>>, where: string) => boolean,
): WorldTable[] {
  return tables.map((table) => {
    const matches = (one: { readonly tables: readonly string[] }): boolean =>
      one.tables.some((name) => name.toLowerCase() === table.name.toLowerCase())
    const masksOf = table.columns.map(([name]) => given.masks.find((one) => matches(one) && one.columns.includes(name))?.mask ?? null)
    const named = (row: WorldTable['rows'][number]): Record<string, string | null> =>
      Object.fromEntries(table.columns.map(([name], at) => [name, row[at] ?? null]))
    const rows = table.rows.filter((row) => given.filters.filter(matches).every((one) => isVisible(named(row), one.where)))
    return {
      ...table,
      columns: table.columns.map(([name, type], at) => [name, masksOf[at] == null ? type : maskedType(type, masksOf[at])] as const),
      rows: rows.map((row) =>
        row.map((value, at) => (masksOf[at] == null ? value : masked(value, table.columns[at]?.[1] ?? '', masksOf[at]))),
      ),
    }
  })
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`
const literal = (value: string | null): string => (value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`)

/** CREATE and INSERT of tables, for PostgreSQL and for SQLite. */
export function tablesSql(all: readonly WorldTable[]): string {
  return all
    .map(({ name, columns, rows }) => {
      const create = `CREATE TABLE ${quote(name)} (${columns.map(([column, type]) => `${quote(column)} ${type}`).join(', ')});`
      const values = rows.map((row) => `(${row.map(literal).join(', ')})`).join(', ')
      return rows.length === 0 ? create : `${create} INSERT INTO ${quote(name)} VALUES ${values};`
    })
    .join('\n')
}

export const viewsSql = `
  CREATE VIEW v_customer AS SELECT id, name, email AS mail, born FROM customer;
  CREATE VIEW v_twice AS SELECT v.id, upper(v.mail) AS up, o.total FROM v_customer v JOIN sales_order o ON CAST(o.customer_id AS text) = CAST(v.id AS text);
  CREATE VIEW v_plain AS SELECT c.email AS mail, p.label FROM customer c JOIN plain p ON CAST(p.id AS text) = CAST(c.id AS text);
  CREATE VIEW v_contact_city AS SELECT id, city FROM contact;
`

const mariadbTypes: Readonly<Record<string, string>> = {
  text: 'varchar(200)',
  numeric: 'decimal(20,2)',
  'timestamp without time zone': 'datetime',
}

/** The same tables and views for MariaDB, whose truth values are numbers; a whole number that was cut down stays one. */
export function mariadbTablesSql(all: readonly WorldTable[]): string {
  const typeOf = (table: string, at: number, type: string): string => {
    const original = tables.find((one) => one.name === table)?.columns[at]?.[1]
    return type === 'numeric' && original === 'integer' ? 'bigint' : (mariadbTypes[type] ?? type)
  }
  const truth = (value: string | null): string | null => (value === 't' ? '1' : value === 'f' ? '0' : value)
  const converted = all.map((table) => ({
    ...table,
    columns: table.columns.map(([name, type], at) => [name, typeOf(table.name, at, type)] as const),
    rows: table.rows.map((row) => row.map((value, at) => (table.columns[at]?.[1] === 'boolean' ? truth(value) : value))),
  }))
  const settings = `SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES';`
  return settings + tablesSql(converted) + viewsSql.replaceAll(' AS text)', ' AS char)')
}
