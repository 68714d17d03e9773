import type { CatalogBody, RelationBody } from '../../../contract/index.ts'
import { listingLines } from './listing.ts'
import type { Paint } from './paint.ts'
import { printable, printableLines } from './printable.ts'
import { sizeText } from './size-text.ts'
import { wrapLine } from './wrap.ts'

export interface ListingLook {
  readonly paint: Paint
  readonly style: 'screen' | 'ascii'
  /** null: nothing is cut. */
  readonly columns: number | null
}

/** Every table and view with its size, as `\d` shows them. */
export function relationListLines(relations: readonly RelationBody[], look: ListingLook): string[] {
  const headings = [
    { name: 'schema' },
    { name: 'name' },
    { name: 'kind' },
    { name: 'rows', isNumber: true },
    { name: 'size', isNumber: true },
    { name: 'comment' },
  ]
  const rows = relations.map((relation) => [
    relation.schema,
    relation.name,
    relation.kind,
    relation.estimatedRows === null ? '' : `~${relation.estimatedRows.toLocaleString('en-US')}`,
    relation.sizeBytes === null ? '' : sizeText(relation.sizeBytes),
    relation.comment ?? '',
  ])
  return listingLines(headings, rows, look)
}

/** One relation: columns, keys, what it points at and what points at it. */
export function relationLines(relation: RelationBody, catalog: CatalogBody, look: ListingLook): string[] {
  const { paint } = look
  const title = `${paint.bold(printable(`${relation.schema}.${relation.name}`))} (${relation.kind})`
  const headings = [{ name: 'column' }, { name: 'type' }, { name: 'null' }, { name: 'comment' }]
  const rows = relation.columns.map((column) => [column.name, column.type, column.isNullable ? '' : 'not null', column.comment ?? ''])
  return [
    ...wrapLine(relation.comment === null ? title : `${title}: ${printable(relation.comment)}`, look.columns),
    ...listingLines(headings, rows, look),
    ...keyLines(relation, catalog),
    ...(relation.definition === null ? [] : ['view definition:', ...printableLines(relation.definition).map((line) => `  ${line}`)]),
  ]
}

function keyLines(relation: RelationBody, catalog: CatalogBody): string[] {
  const lines: string[] = []
  if (relation.primaryKey.length > 0) lines.push(`primary key: ${relation.primaryKey.join(', ')}`)
  for (const key of relation.uniqueKeys) lines.push(`unique: ${key.join(', ')}`)
  for (const { columns, target } of relation.foreignKeys) {
    lines.push(`references: ${columns.join(', ')} → ${target.schema}.${target.name} (${target.columns.join(', ')})`)
  }
  for (const other of catalog.relations) {
    const keys = other.foreignKeys.filter(({ target }) => target.schema === relation.schema && target.name === relation.name)
    for (const key of keys) lines.push(`referenced by: ${other.schema}.${other.name} (${key.columns.join(', ')})`)
  }
  return lines.map(printable)
}

/** A relation by `name` or `schema.name`, letter case aside; the search path decides between namesakes. */
export function findRelation(catalog: CatalogBody, text: string): RelationBody | null {
  const wanted = text.replaceAll('"', '').toLowerCase()
  const rank = (relation: RelationBody): number => catalog.searchPath.indexOf(relation.schema) + 1 || 1_000
  const matches = catalog.relations.filter(
    (relation) => relation.name.toLowerCase() === wanted || `${relation.schema}.${relation.name}`.toLowerCase() === wanted,
  )
  return matches.toSorted((a, b) => rank(a) - rank(b))[0] ?? null
}

/** Relations whose name holds the text, or matches it where it has `*`. */
export function matchRelations(catalog: CatalogBody, text: string): readonly RelationBody[] {
  const wanted = text.toLowerCase().replaceAll('*', '')
  return catalog.relations.filter((relation) => `${relation.schema}.${relation.name}`.toLowerCase().includes(wanted))
}
