import { ShellError } from '../../domain/index.ts'
import type { App } from './app.ts'

const answerable = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY'] as const

/** Gives every path an answer for the methods it does not have (RFC 9110 §15.5.6). Begin before the routes, call the result after. */
export function refuseOtherMethods(app: App): () => void {
  const known = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const methods = known.get(url) ?? new Set<string>()
    for (const name of [method].flat()) methods.add(name)
    known.set(url, methods)
  })
  return () => {
    for (const [url, methods] of [...known]) {
      if (url.startsWith('/docs') || url.includes('*')) continue // pages of a plugin: whatever else is asked of them is not there
      const allow = [...methods].join(', ')
      app.route({
        url,
        method: answerable.filter((method) => !methods.has(method)),
        schema: { hide: true },
        exposeHeadRoute: false,
        // Before a body is read: whatever it holds, it is not for this path.
        onRequest: async (_request, reply) => {
          void reply.header('allow', allow)
          throw refusal(allow)
        },
        handler: () => {
          throw refusal(allow)
        },
      })
    }
  }
}

function refusal(allow: string): ShellError {
  return new ShellError({
    code: 'http.method-not-allowed',
    kind: 'invalid',
    message: 'This path does not know this method.',
    hint: `It knows ${allow}.`,
  })
}
