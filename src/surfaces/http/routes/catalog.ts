import type { Catalog } from '../../../domain/index.ts'
import { catalogQueryShape, catalogShape, searchRelations, type CatalogBody } from '../../../contract/index.ts'
import type { App } from '../app.ts'
import { actorOf } from '../credentials.ts'
import { idParams, problems } from '../documented.ts'
import type { HttpRooms } from '../rooms.ts'

export function catalogRoutes(app: App, { connections }: Pick<HttpRooms, 'connections'>): void {
  app.get(
    '/api/v1/connections/:id/catalog',
    {
      config: { access: 'browse-catalog' },
      schema: {
        operationId: 'getCatalog',
        tags: ['connections'],
        summary: 'Tables, columns, keys and comments you may see',
        description:
          'Relations come in pages; everything else of the catalog is on each page. `search` gives the best matches first, on one page.',
        params: idParams,
        querystring: catalogQueryShape,
        response: { 200: catalogShape, ...problems(404) },
      },
    },
    async (request) => {
      const { refresh = false, search, limit, after } = request.query
      const catalog = await connections.catalog(actorOf(request), request.params.id, { refresh })
      return search === undefined
        ? pageOfCatalog(request.params.id, catalog, Number(after ?? 0), limit)
        : { ...catalogBody(request.params.id, catalog), relations: searchRelations(catalog.relations, search, limit), next: null }
    },
  )
}

function pageOfCatalog(connection: string, catalog: Catalog, start: number, limit: number): CatalogBody {
  const end = start + limit
  return {
    ...catalogBody(connection, catalog),
    relations: catalog.relations.slice(start, end),
    next: end < catalog.relations.length ? String(end) : null,
  }
}

function catalogBody(connection: string, catalog: Catalog): Omit<CatalogBody, 'next'> {
  return { ...catalog, connection }
}
