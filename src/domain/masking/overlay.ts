/**
 * Masks and filters as temporary views that stand before the tables of the same name: for SQLite, whose parser tells of no
 * offsets at which a text could be rewritten.
 */
export interface Overlay {
  /** What is shown of each masked or filtered relation: a select list over `m`, and what follows its FROM. */
  readonly tables: readonly OverlaidTable[]
  /** Views of the file that show such relations, to be made anew over them: the text behind their name. */
  readonly views: readonly { readonly name: string; readonly body: string }[]
  /** What `aishell_value(n)` gives, from 1: attributes of the actor; lists as JSON. */
  readonly values: readonly (string | null)[]
  /** Key of `aishell_hash`; null: it is not used. */
  readonly key: string | null
}

export interface OverlaidTable {
  readonly name: string
  readonly list: string
  readonly rest: string
  readonly isFiltered: boolean
}

/** How an overlay is made, and what may be read under it. */
export interface OverlayPlan {
  readonly create: readonly string[]
  readonly drop: readonly string[]
  /** Whether SQLite may let a statement read this, in the words of its authorizer. */
  mayRead(table: string, column: string, database: string | null, through: string | null): boolean
  /** Whether it may call this function. */
  mayCall(name: string, through: string | null): boolean
}

export const overlayFunctions = { value: 'aishell_value', hash: 'aishell_hash' } as const

/**
 * `nonce`: nobody can name what begins with it. A table is read only from within a view of such a name, which SQLite tells its
 * authorizer; a WITH query or a view of the file cannot pass itself off as one.
 */
export function planOverlay({ tables, views }: Pick<Overlay, 'tables' | 'views'>, nonce: string): OverlayPlan {
  const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`
  const fold = (name: string): string => name.toLowerCase()
  const masked = new Set(tables.map((table) => fold(table.name)))
  const readers = new Map(tables.map(({ name }, at) => [fold(name), `${nonce}_${at}`]))
  const filtered = new Set(tables.filter((table) => table.isFiltered).map((table) => fold(table.name)))
  const made: (readonly [name: string, text: string])[] = []
  for (const [at, { name, body }] of views.entries()) made.push([masked.has(fold(name)) ? `${nonce}_v${at}` : name, body])
  for (const { name, list, rest } of tables) {
    const opened = views.findIndex((view) => fold(view.name) === fold(name))
    const source = opened < 0 ? `main.${quote(name)}` : `temp.${quote(`${nonce}_v${opened}`)}`
    const reader = readers.get(fold(name)) ?? nonce
    made.push([reader, ` AS SELECT ${list} FROM ${source} AS m${rest}`], [name, ` AS SELECT * FROM temp.${quote(reader)}`])
  }
  const readerNames = new Set(readers.values())
  const ownNames = new Set<string>(Object.values(overlayFunctions))
  return {
    create: made.map(([name, text]) => `CREATE TEMP VIEW ${quote(name)}${text}`),
    drop: made.map(([name]) => `DROP VIEW IF EXISTS temp.${quote(name)}`),
    mayRead: (table, column, database, through) => {
      const reader = database === 'main' ? readers.get(fold(table)) : undefined
      // Where only rows are counted SQLite may have forgotten through whom; of what is merely masked they are no secret.
      return reader === undefined || reader === through || (column === '' && !filtered.has(fold(table)))
    },
    mayCall: (name, through) => !ownNames.has(fold(name)) || (through !== null && readerNames.has(through)),
  }
}
