import { ShellError, type Actor, type Scope, type Surface } from '../../domain/index.ts'
import { actorOf } from './actor-of.ts'
import type { IdentityRooms } from './authenticate.ts'
import { findCredential } from './found-credential.ts'

/** Somebody who asked or decided earlier, by the credential they did it with. */
export interface EarlierActor {
  readonly memberId: string
  readonly surface: Surface
  readonly credentialId: string | null
}

/**
 * What somebody may do now who proved a credential earlier, read past every cache. A token that was revoked takes its
 * requests with it, and so does a disabled member; one that has merely expired, or a session that was left, does not.
 */
export async function actorNow(rooms: IdentityRooms, scope: Scope, earlier: EarlierActor): Promise<Actor> {
  const credential = earlier.credentialId === null ? null : await credentialById(rooms, scope, earlier.credentialId)
  if (credential === null || credential.memberId !== earlier.memberId || credential.tenantId !== scope.tenantId)
    throw gone('credential-gone', 'The credential this was asked with is not there any more.')
  if (credential.isMemberDisabled) throw gone('member-disabled', 'This member was disabled.')
  if (credential.source === 'token' && credential.revokedAt !== null)
    throw gone('token-revoked', 'The token this was asked with was revoked.')
  return actorOf(credential, earlier.surface, rooms.now(), rooms.rules)
}

async function credentialById({ store }: IdentityRooms, scope: Scope, id: string) {
  const token = await store.within(scope, (query) => query.selectFrom('token').select('hash').where('token_id', '=', id).executeTakeFirst())
  return await findCredential(store, token === undefined ? { tenantId: scope.tenantId, sessionId: id } : { hash: token.hash })
}

function gone(reason: string, message: string): ShellError {
  return new ShellError({ code: `identity.${reason}`, kind: 'denied', message, hint: 'Ask again with a credential that holds.' })
}
