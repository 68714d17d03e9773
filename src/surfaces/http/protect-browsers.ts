import type { App } from './app.ts'

/**
 * The headers that make browsers careful (OWASP HTTP Headers Cheat Sheet). An answer of the API is never a page: nothing in
 * it may load, run or be framed; the few pages set a policy of their own. Set in one go: they go out with every answer.
 */
const careful = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

export function protectBrowsers(app: App): void {
  app.addHook('onRequest', (_request, reply, done) => {
    void reply.headers(careful)
    done()
  })
}
