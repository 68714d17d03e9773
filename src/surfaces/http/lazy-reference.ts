import type { ReferenceScope } from './api-reference.ts'
import type { Reference } from './routes/docs.ts'

/** Loads the reference when it is first looked at, and once. */
export function lazyReference(scope: ReferenceScope): Reference {
  let document: Promise<object> | null = null
  let pages: Promise<Awaited<ReturnType<typeof openPages>>> | null = null
  return {
    document: () => (document ??= import('./api-reference.ts').then(({ openApiDocument }) => openApiDocument(scope))),
    serve: async (request, response) => {
      pages ??= openPages()
      const { routing } = await pages
      routing(request, response)
    },
  }
}

async function openPages() {
  const reference = await import('./api-reference.ts')
  return reference.openPages()
}
