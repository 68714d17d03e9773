/** By name, in their order, with what each stands for. */
export type ColumnMap<Origin> = ReadonlyMap<string, readonly Origin[]>

/** No name holds it: what stands behind it tells apart columns of one name. */
const again = '\u0000'

/** A name that stands twice keeps both places, and its first one stands for either. */
export function columnMap<Origin>(columns: Iterable<readonly [name: string, origins: readonly Origin[]]>): ColumnMap<Origin> {
  const made = new Map<string, readonly Origin[]>()
  for (const [name, origins] of columns) addColumn(made, name, origins)
  return made
}

export function addColumn<Origin>(columns: Map<string, readonly Origin[]>, name: string, origins: readonly Origin[]): void {
  const known = columns.get(name)
  columns.set(name, known === undefined ? origins : [...known, ...origins])
  if (known !== undefined && columns.size < mostPlaces) columns.set(`${name}${again}${columns.size}`, origins)
}

/** No server takes a longer select list: nobody renames what stands behind it. */
const mostPlaces = 4_096

/** As it is written, of a name that stands twice too. */
export function bareName(name: string): string {
  const at = name.indexOf(again)
  return at < 0 ? name : name.slice(0, at)
}

/** An alias with column names renames from the left; the rest keep theirs. */
export function renamed<Origin>(columns: ColumnMap<Origin>, names: readonly string[]): ColumnMap<Origin> {
  return columnMap([...columns].map(([name, origins], at) => [names[at] ?? bareName(name), origins]))
}
