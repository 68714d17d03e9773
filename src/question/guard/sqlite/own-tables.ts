/** Tables that are functions, and only compute. */
export const readTableFunctions: ReadonlySet<string> = new Set(['json_each', 'json_tree', 'jsonb_each', 'jsonb_tree'])

/** Tables of SQLite and of its shell: schema, pages, statistics, files. No table of a user may stand for one of them. */
const ownTable =
  /^(sqlite_|pragma_|dbstat$|bytecode$|tables_used$|fsdir$|zipfile$|completion$|csv$|generate_series$|lsm1$|fts3tokenize$|fts5vocab$|fts4aux$|wholenumber$|carray$|statement_vtab$|vfsstat$|memstat$)/

export function isOwnTable(foldedName: string): boolean {
  return ownTable.test(foldedName) || readTableFunctions.has(foldedName)
}
