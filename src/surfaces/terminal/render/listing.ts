import type { CommandContext } from '../context.ts'
import { fitTable, measureTable, TableWriter, type Row } from './table.ts'

/** A column of a listing: its heading, and whether it holds numbers. */
export interface ListingColumn {
  readonly name: string
  readonly isNumber?: boolean
}

/** Lines of a small table of our own making (connections, tokens, history). */
export function listingLines(
  headings: readonly ListingColumn[],
  rows: readonly Row[],
  look: { readonly paint: CommandContext['paint']; readonly style: 'screen' | 'ascii'; readonly columns: number | null },
): string[] {
  const columns = headings.map(({ name, isNumber }) => ({
    name,
    type: 'text',
    kind: isNumber === true ? ('number' as const) : ('text' as const),
  }))
  const natural = measureTable(columns, rows)
  const layout = look.columns === null ? natural : (fitTable(natural, look.columns) ?? natural)
  const writer = new TableWriter(layout, look.paint, look.style)
  return [...writer.header(), ...rows.map((row) => writer.row(row))]
}

export async function printListing(context: CommandContext, headings: readonly ListingColumn[], rows: readonly Row[]): Promise<void> {
  const isScreen = context.env.isOutputTty
  const look = {
    paint: context.paint,
    style: isScreen ? ('screen' as const) : ('ascii' as const),
    columns: isScreen ? context.env.columns() : null,
  }
  await context.out.lines(listingLines(headings, rows, look))
}
