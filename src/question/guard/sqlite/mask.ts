import { constants } from 'node:sqlite'
import type { OverlaidTable, Overlay, Reason, Relation } from '../../../domain/index.ts'
import { planOverlay } from '../../../domain/index.ts'
import type { MaskRequest } from '../analyser.ts'
import type { RelationUse } from '../analysis.ts'
import type { CatalogIndex } from '../catalog-index.ts'
import { certain } from '../certain.ts'
import { behindView, cannotBeMasked } from '../mask/mask-reasons.ts'
import type { MaskedText } from '../mask/masked-text.ts'
import type { Masking, MaskPlan } from '../mask/mask-plan.ts'
import { filterText, maskExpression, OverlayValues, quoteName } from './render-mask.ts'
import { tokenize, type Token } from './tokenize.ts'
import { isSearch } from './weighing.ts'
import type { Witness } from './witness.ts'

/** The name the witness gives to what only views of ours may be called; the sandbox takes one nobody can know. */
const witnessNonce = 'aishell_witness'

/**
 * The statement stays as it is; views of the same names are laid over the tables it can reach. Compiled once more under them,
 * it must read masked tables through these views alone.
 */
export async function maskSqlite(request: MaskRequest, index: CatalogIndex, witness: Witness): Promise<MaskedText | Reason> {
  const tokens = tokenize(request.sql)
  const around = wayAround(tokens, certain(request.uses[0]), request.sql)
  if (around !== null) return around
  if (isSearch(request.analysis.functions)) return refusal(request.uses)
  const values = new OverlayValues()
  const reached = reachable(tokens, index)
  const broken = reached.map((relation) => request.plan.of(relation)?.problem ?? null).find((problem) => problem !== null)
  if (broken !== undefined) return broken
  const overlay = overlayOf(reached, request.plan, values)
  const { end } = request.analysis.statement
  const sql = Buffer.from(request.sql).subarray(0, end).toString()
  const testimony = await witness.ask(index.catalog, sql, { ...overlay, nonce: witnessNonce })
  const plan = planOverlay(overlay, witnessNonce)
  const isHeld = testimony.actions.every(([code, table, column, database, through]) =>
    code === constants.SQLITE_READ
      ? plan.mayRead(certain(table), certain(column), database, through)
      : code !== constants.SQLITE_FUNCTION || plan.mayCall(certain(column), through),
  )
  if (testimony.error !== null || !isHeld) return refusal(request.uses)
  return { sql, hidden: values.needsKey ? [...values.all, { kind: 'mask-key' }] : values.all, overlay }
}

function refusal(uses: readonly RelationUse[]): Reason {
  const view = uses.find((use) => use.relation?.kind === 'view')
  if (view !== undefined) return behindView(view.name, view.span)
  const { name, span } = certain(uses[0])
  return cannotBeMasked(
    name,
    span,
    'the statement asks for something that only the table itself has',
    'Leave out row numbers, index hints and full-text search.',
  )
}

/** `main.name` would reach past the views; so would a name of the other schema. */
function wayAround(tokens: readonly Token[], use: RelationUse, sql: string): Reason | null {
  const found = tokens.find(
    (token, at) =>
      (token.kind === 'word' || token.kind === 'quoted' || token.kind === 'string') &&
      /^(main|temp)$/i.test(token.text) &&
      tokens[at + 1]?.text === '.' &&
      tokens[at + 1]?.kind === 'sign',
  )
  if (found === undefined) return null
  const place = { start: Buffer.byteLength(sql.slice(0, found.start)), end: Buffer.byteLength(sql.slice(0, found.end)) }
  return cannotBeMasked(use.name, place, 'its schema cannot be named', `Leave “${found.text}.” out.`)
}

/** Relations whose names are written in the statement, or in the text of a view that is reached. A few too many do no harm. */
function reachable(tokens: readonly Token[], index: CatalogIndex): Relation[] {
  const found = new Set<Relation>()
  const waiting = [...tokens]
  for (const token of waiting) {
    const isName = token.kind === 'word' || token.kind === 'quoted' || token.kind === 'string'
    const relation = isName ? index.findInPath(token.text) : null
    if (relation === null || found.has(relation)) continue
    found.add(relation)
    if (relation.kind === 'view' && relation.definition !== null) waiting.push(...tokenize(relation.definition))
  }
  return [...found]
}

function overlayOf(reached: readonly Relation[], plan: MaskPlan, values: OverlayValues): Pick<Overlay, 'tables' | 'views'> {
  const tables = reached.flatMap((relation) => {
    const masking = plan.of(relation)
    return masking === null ? [] : [overlaid(masking, values)]
  })
  const views = reached.flatMap(({ kind, name, definition }) => {
    const body = kind === 'view' && definition !== null ? bodyOf(definition) : null
    return body === null ? [] : [{ name, body }]
  })
  return { tables, views }
}

function overlaid({ relation, masks, filters }: Masking, values: OverlayValues): OverlaidTable {
  const list = relation.columns.map(({ name }) => {
    const mask = masks.get(name)
    const column = `m.${quoteName(name)}`
    return mask === undefined ? column : `${maskExpression(column, mask, values)} AS ${quoteName(name)}`
  })
  const conditions = filters.map((filter) => filterText(filter, values))
  // A LIMIT is a fence: what the asker writes is never evaluated on a row that the filter takes away.
  const rest = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')} LIMIT -1`
  return { name: relation.name, list: list.join(', '), rest, isFiltered: conditions.length > 0 }
}

/** The text of a view behind its name, as SQLite keeps it; null: it is kept in another way. */
function bodyOf(definition: string): string | null {
  const tokens = tokenize(definition)
  const isWhole = tokens[0]?.text.toUpperCase() === 'CREATE' && tokens[1]?.text.toUpperCase() === 'VIEW'
  const name = tokens[2]
  return isWhole && name !== undefined ? definition.slice(name.end) : null
}
