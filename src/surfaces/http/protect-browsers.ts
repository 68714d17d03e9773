import helmet from '@fastify/helmet'
import type { App } from './app.ts'

/** An answer of the API is never a page: nothing in it may load, run or be framed. */
const apiPolicy = "default-src 'none'; frame-ancestors 'none'"

/** The headers that make browsers careful. The policy is set as one text: helmet would write it anew for each request. */
export async function protectBrowsers(app: App): Promise<void> {
  await app.register(helmet, { contentSecurityPolicy: false })
  app.addHook('onRequest', (_request, reply, done) => {
    void reply.header('content-security-policy', apiPolicy)
    done()
  })
}
