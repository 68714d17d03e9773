import type { App } from './app.ts'
import { goOnLater } from './go-on-later.ts'
import type { HttpRooms } from './rooms.ts'
import { claimOf } from './sign-in-place.ts'

/** Whoever has come through the door of credentials: is their tenant served, and the one that host and header name? */
export function checkTenants(app: App, { office }: Pick<HttpRooms, 'office'>): void {
  if (office === undefined) return
  app.addHook('onRequest', (request, _reply, done) => {
    const admitted = request.actor === null ? undefined : office.tenants.admit(request.actor, claimOf(request))
    if (admitted instanceof Promise) void goOnLater(admitted, () => undefined, done)
    else done()
  })
}
