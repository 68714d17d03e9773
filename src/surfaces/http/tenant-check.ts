import type { App } from './app.ts'
import type { HttpRooms } from './rooms.ts'
import { claimOf } from './sign-in-place.ts'

/** Whoever has come through the door of credentials: is their tenant served, and the one that host and header name? */
export function checkTenants(app: App, { office }: Pick<HttpRooms, 'office'>): void {
  if (office === undefined) return
  app.addHook('onRequest', async (request) => {
    if (request.actor === null) return
    await office.tenants.admit(request.actor, claimOf(request))
  })
}
