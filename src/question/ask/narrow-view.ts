import type { Catalog } from '../../domain/index.ts'
import { rankRelations } from './rank-relations.ts'
import { prepareSearch } from './search-index.ts'

/** What the built-in drafter reads whole: its work grows faster than the catalog. */
const mostRelations = 150

/** Gets what a draft over this view looks up; a large catalog's index is built without holding others up. */
export async function prepareView(view: Catalog): Promise<void> {
  if (view.relations.length > mostRelations) await prepareSearch(view)
}

/** The relations the question is likeliest about, in the catalog's order; a catalog that is not large stays as it is. */
export function narrowView(view: Catalog, text: string): Catalog {
  if (view.relations.length <= mostRelations) return view
  const wanted = new Set(rankRelations(view, text).slice(0, mostRelations))
  return { ...view, relations: view.relations.filter((relation) => wanted.has(relation)) }
}
