import type { Catalog, Dialect } from '../../../src/domain/index.ts'
import type { Random } from './random.ts'

/** What the guard lets through, and what it should not. */
export interface Functions {
  readonly passing: readonly string[]
  readonly others: readonly string[]
}

/** Writes fresh statements over a catalog: mostly reads that could pass, with harm hidden in odd places. */
export class Generator {
  readonly #random: Random
  readonly #dialect: Dialect
  readonly #tables: Catalog['relations']
  readonly #functions: Functions
  readonly #operators: readonly string[]
  readonly #types: readonly string[]
  #depth = 0
  /** Tables of the query at hand: most columns are theirs. */
  #scope: Catalog['relations'][number][] = []

  constructor(random: Random, catalog: Catalog, functions: Functions) {
    this.#random = random
    this.#dialect = catalog.dialect
    this.#tables = catalog.relations
    this.#functions = functions
    const own = [...catalog.operators.map((name) => name.slice(name.indexOf('.') + 1))]
    this.#operators = [
      ...words('+ - * / % || = <> < > <= >= AND OR IS LIKE'),
      ...(this.#isPostgres
        ? words('~ ~~ @> && -> ->> ^ #')
        : this.#isMysql
          ? words('DIV MOD XOR REGEXP <=> && ^ :=')
          : words('-> ->> & GLOB')),
      ...own,
    ]
    this.#types = this.#isPostgres
      ? words(
          'int text numeric date jsonb mood int text numeric float8 bool timestamptz bigint json int text numeric float8 bool timestamptz bigint json posint spot pair regclass item int[] "char" varchar(3) bytea xml',
        )
      : words(this.#isMysql ? 'SIGNED UNSIGNED CHAR CHAR(3) DECIMAL(10,2) DATE DATETIME TIME BINARY DOUBLE JSON' : 'INTEGER TEXT REAL BLOB')
  }

  statement(): string {
    this.#depth = 0
    const { pick, chance } = this
    if (chance(0.88)) return this.query()
    const table = this.name()
    const verbs = [
      () => `INSERT INTO ${table} ${this.query()}`,
      () => `UPDATE ${table} SET ${this.column()} = ${this.expression()} WHERE ${this.expression()}`,
      () => `DELETE FROM ${table} WHERE ${this.expression()}`,
      () => `CREATE TABLE fresh AS ${this.query()}`,
      () => `CREATE TEMP VIEW fresh AS ${this.query()}`,
      () => `EXPLAIN ${chance(0.3) ? 'ANALYZE ' : ''}${this.query()}`,
      () => `WITH q AS (DELETE FROM ${table} ${chance(0.5) ? 'RETURNING *' : ''}) ${this.query()}`,
      () => `WITH q AS (${this.query()}) INSERT INTO ${table} SELECT * FROM q`,
      () =>
        pick(this.#isPostgres ? postgresVerbs : this.#isMysql ? mysqlVerbs : sqliteVerbs)
          .replace('%t', table)
          .replace('%q', this.query())
          .replace('%e', this.expression()),
    ]
    return pick(verbs)()
  }

  query(): string {
    const { chance, pick } = this
    this.#depth += 1
    const isDeep = this.#depth > 3
    const around = this.#scope
    this.#scope = []
    const from = chance(0.9) ? ` FROM ${this.#random.list(1, 2, () => this.source(isDeep))}` : ''
    const parts = [
      chance(0.12) && !isDeep
        ? `WITH ${chance(0.2) ? 'RECURSIVE ' : ''}${pick(['q', 'item', 'r'])} AS ${this.#isPostgres && chance(0.2) ? 'MATERIALIZED ' : ''}(${this.query()}) `
        : '',
      'SELECT ',
      chance(0.1) ? 'DISTINCT ' : '',
      this.#random.list(1, 3, () =>
        chance(0.12) ? '*' : `${this.expression()}${chance(0.2) ? ` AS ${pick(['a', 'b', 'evil', 'name'])}` : ''}`,
      ),
      chance(0.03) && this.#isPostgres ? ' INTO fresh' : '',
      from,
      chance(0.5) ? ` WHERE ${this.expression()}` : '',
      chance(0.15) ? ` GROUP BY ${this.expression()}` : '',
      chance(0.08) ? ` HAVING ${this.expression()}` : '',
      chance(0.08) && !isDeep ? ` ${pick(['UNION', 'UNION ALL', 'EXCEPT', 'INTERSECT'])} ${this.query()}` : '',
      chance(0.25) ? ` ORDER BY ${this.expression()}${this.#isPostgres && chance(0.1) ? ' USING <' : ''}` : '',
      ` LIMIT ${chance(0.9) ? '5' : this.expression()}`,
      chance(0.04) && this.#isPostgres ? ` FOR ${pick(['UPDATE', 'SHARE', 'KEY SHARE'])}` : '',
    ]
    this.#depth -= 1
    this.#scope = around
    return parts.join('')
  }

  source(isDeep: boolean): string {
    const { chance, pick } = this
    const table = this.name()
    const alias = pick(['', '', ' AS t', ' u', ' evil'])
    const kind = this.#random.below(12)
    if (kind < 6) return `${table}${alias}`
    if (kind < 8) {
      const join = pick(['JOIN', 'LEFT JOIN', 'CROSS JOIN', 'NATURAL JOIN'])
      const how = /^(CROSS|NATURAL)/.test(join) ? '' : chance(0.7) ? ` ON ${this.expression()}` : ' USING (id)'
      return `${table} AS x${this.#random.below(9)} ${join} ${this.name()} AS y${this.#random.below(9)}${how}`
    }
    if (kind === 8 && !isDeep) return `${chance(0.3) && this.#isPostgres ? 'LATERAL ' : ''}(${this.query()}) AS s${this.#random.below(9)}`
    if (kind === 9 && !this.#isMysql) return `${this.call()}(${this.#random.list(0, 2, () => this.expression())}) AS f`
    if (kind === 10 && this.#isPostgres)
      return `${table} TABLESAMPLE ${pick(['SYSTEM', 'BERNOULLI', 'SYSTEM', 'BERNOULLI', 'evil'])} (${chance(0.8) ? '50' : this.expression()})`
    if (this.#isMysql) return `JSON_TABLE(${this.expression()}, '$[*]' COLUMNS (id int PATH '$')) AS j`
    return this.#isPostgres
      ? `ROWS FROM (${this.call()}(${this.expression()}), generate_series(1, 3)) AS g`
      : `json_each(${this.expression()}) AS j`
  }

  expression(): string {
    const { chance, pick } = this
    this.#depth += 1
    if (this.#depth > 5 || chance(0.45)) {
      this.#depth -= 1
      return pick([
        () => this.column(),
        () => this.column(),
        () => pick(["'a'", '1', '2.5', 'NULL', 'true', "'{}'", "'1'", 'current_date']),
      ])()
    }
    const e = (): string => this.expression()
    const makers = [
      () => `(${e()} ${pick(this.#operators)} ${e()})`,
      () => `(${e()})`,
      () => `${this.call()}(${this.#random.list(0, 3, e)})`,
      () => `${pick(tame)}(${e()})`,
      () => `${pick(tame)}(${this.#random.list(1, 2, e)})`,
      () => `CASE WHEN ${e()} THEN ${e()} ELSE ${e()} END`,
      () => `CAST(${e()} AS ${pick(this.#types)})`,
      () => `(${e()}) IN (${chance(0.3) ? this.query() : this.#random.list(1, 2, e)})`,
      () => `((${e()}) BETWEEN (${e()}) AND (${e()}))`,
      () => `(${this.query()})`,
      () => `EXISTS (${this.query()})`,
      () => `(${e()}) IS ${chance(0.5) ? 'NOT ' : ''}NULL`,
      () => `sum(${e()}) OVER (PARTITION BY ${e()} ORDER BY ${e()})`,
      () => `count(*) FILTER (WHERE ${e()})`,
      ...(this.#isPostgres
        ? [
            () => `(${e()})::${pick(this.#types)}`,
            () => `(${pick(['item', 't', 'u', 'place', 'at'])}).${pick(['evil', 'title', 'a', 'x', 'name', 'id', 'price', 'pg_sleep'])}`,
            () => `${pick(['item', 't', 'u', 'place'])}.${pick(['evil', 'title', 'spot_text', 'name'])}`,
            () => `ARRAY[${this.#random.list(1, 2, e)}]`,
            () => `ROW(${this.#random.list(1, 2, e)})`,
            () => `${e()} OPERATOR(${pick(['pg_catalog', 'pg_catalog', 'public', 'other'])}.${pick(['+', '=', '###'])}) (${e()})`,
            () => `array_agg(${e()} ORDER BY ${e()})`,
            () => `${pick(['-', '-', '-', '###', '@@@@'])} (${e()})`,
            () => `xmlelement(name a, ${e()})`,
            () => `json_object('a': ${e()})`,
            () => `(${e()}) = ANY (${this.query()})`,
            () => `coalesce(${e()}, ${e()})`,
            () => `extract(year from ${e()})`,
          ]
        : this.#isMysql
          ? [() => `${e()} COLLATE utf8mb4_bin`, () => `CONVERT(${e()}, ${pick(this.#types)})`, () => `IF(${e()}, ${e()}, ${e()})`]
          : [() => `${e()} COLLATE NOCASE`, () => `${e()} MATCH ${e()}`, () => `json_extract(${e()}, '$.a')`]),
    ]
    const made = pick(makers)()
    this.#depth -= 1
    return made
  }

  call(): string {
    const { passing, others } = this.#functions
    return this.pick(this.chance(0.97) ? passing : others)
  }

  column(): string {
    const relation = this.pick(this.#scope.length > 0 && this.chance(0.97) ? this.#scope : this.#tables)
    const column = this.pick(relation.columns).name
    const written = /^[a-z_]+$/.test(column) ? column : `"${column.replaceAll('"', '""')}"`
    return this.chance(0.03) ? `${this.pick(['t', 'u', relation.name])}.${written}` : written
  }

  name(): string {
    if (this.chance(0.015)) return this.pick(this.#isPostgres ? systemTables : this.#isMysql ? mysqlTables : sqliteTables)
    const table = this.pick(this.#tables)
    this.#scope.push(table)
    const { schema, name } = table
    const written = /^[a-z_0-9]+$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
    return schema === 'other' || this.chance(0.2) ? `${schema}.${written}` : written
  }

  readonly pick = <Item>(items: readonly Item[]): Item => this.#random.pick(items)
  readonly chance = (share: number): boolean => this.#random.chance(share)

  get #isMysql(): boolean {
    return this.#dialect === 'mysql' || this.#dialect === 'mariadb'
  }

  get #isPostgres(): boolean {
    return this.#dialect === 'postgres'
  }
}

function words(text: string): string[] {
  return text.split(' ')
}

const tame = words('lower upper length abs coalesce count sum min max avg round replace substr')
const systemTables = words('pg_class pg_authid pg_catalog.pg_proc information_schema.tables pg_stat_activity pg_settings')
const sqliteTables = words('sqlite_master sqlite_schema pragma_table_info dbstat sqlite_dbpage temp.sqlite_temp_master json_tree')
const mysqlTables = words('mysql.user mysql.global_priv information_schema.TABLES performance_schema.threads sys.version')
const mysqlVerbs = [
  'HANDLER %t OPEN',
  'LOAD DATA INFILE "/etc/passwd" INTO TABLE %t',
  "%q INTO OUTFILE '/tmp/aishell-fuzz-x'",
  '%q INTO @a',
  "PREPARE p FROM 'SELECT 1'",
  "EXECUTE IMMEDIATE 'DROP TABLE item'",
  'CALL harm()',
  'DO evil(%e)',
  'SET @a = %e',
  "SET sql_mode = ''",
  'SET STATEMENT max_statement_time = 0 FOR %q',
  'LOCK TABLES %t WRITE',
  'TRUNCATE %t',
  'REPLACE INTO %t %q',
  'ANALYZE FORMAT=JSON %q',
  'SELECT NEXT VALUE FOR counter',
  '%q /*!50000 , evil(1) */',
  '%q PROCEDURE ANALYSE()',
  '%q FOR UPDATE',
  '%q LOCK IN SHARE MODE',
  'VALUES (%e), (%e)',
  "SELECT * FROM JSON_TABLE(%e, '$[*]' COLUMNS (a int PATH '$')) j",
  'DROP TABLE %t',
  'COMMIT',
  'START TRANSACTION READ WRITE',
]
const postgresVerbs = [
  'COPY (%q) TO STDOUT',
  'PREPARE p AS %q',
  'DECLARE c CURSOR FOR %q',
  'DO $$ BEGIN PERFORM 1; END $$',
  'CALL act()',
  'SET work_mem = 1000',
  'LOCK TABLE %t',
  'LISTEN x',
  'TRUNCATE %t CASCADE',
  'EXPLAIN (ANALYZE, FORMAT JSON) %q',
  'EXPLAIN (ANALYZE, GENERIC_PLAN off) DELETE FROM %t',
  'TABLE %t',
  'VALUES (%e), (%e)',
  'SELECT * FROM xmltable(%e PASSING %e COLUMNS a int PATH %e)',
  "SELECT * FROM json_table(%e, '$' COLUMNS (a int PATH '$.a' DEFAULT %e ON EMPTY))",
  'MERGE INTO %t m USING (%q) s ON true WHEN MATCHED THEN DELETE',
  'REFRESH MATERIALIZED VIEW stored',
  'DROP TABLE %t CASCADE',
  'COMMIT',
  'ROLLBACK',
  'SET TRANSACTION READ WRITE',
  'SET ROLE none',
]
const sqliteVerbs = [
  'PRAGMA user_version = 5',
  'PRAGMA table_info(%t)',
  "ATTACH 'x.db' AS x",
  "VACUUM INTO 'x.db'",
  'VACUUM',
  'REINDEX',
  'ANALYZE',
  'REPLACE INTO %t %q',
  'DROP TABLE %t',
  'CREATE INDEX i ON %t (id)',
  'ALTER TABLE %t RENAME TO z',
  'BEGIN',
  'SAVEPOINT a',
  'EXPLAIN QUERY PLAN %q',
  'VALUES (%e), (%e)',
  'INSERT INTO %t DEFAULT VALUES RETURNING *',
  'CREATE TRIGGER g AFTER INSERT ON %t BEGIN DELETE FROM %t; END',
  'SELECT * FROM pragma_user_version(%e)',
]
