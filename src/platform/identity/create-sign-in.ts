import type { Actor } from '../../domain/index.ts'
import type { People } from '../tenancy/index.ts'
import type { IdentityRooms } from './authenticate.ts'
import { beginDeviceLogin, decideDeviceLogin, findDeviceLogin, pollDeviceLogin } from './device-login.ts'
import { createOidc, hintPurpose } from './oidc/create-oidc.ts'
import type { OidcProvider, OidcSettings } from './oidc/oidc-provider.ts'
import type { Sealers } from './oidc/sealer.ts'
import { acceptInvitation, changePassword, invite, readInvitation, setPassword, signInWithPassword } from './password-sign-in.ts'
import { revokeSessions } from './sessions.ts'
import type { SignIn } from './sign-in.ts'

export function createSignIn(rooms: IdentityRooms, people: People, sealers: Sealers, oidc: OidcSettings | null): SignIn {
  const provider = oidc === null ? null : createOidc(rooms, people, sealers, oidc)
  return {
    provider,
    withPassword: (place, given, visitor) => signInWithPassword(rooms, place, given, visitor),
    changePassword: (actor, given, visitor) => changePassword(rooms, actor, given, visitor),
    setPassword: (actor, memberId, password) => setPassword(rooms, people, actor, memberId, password),
    invite: (actor, memberId) => invite(rooms, people, actor, memberId),
    invitation: async (place, text) => {
      const invited = await readInvitation(rooms, place, text)
      return invited === null ? null : { memberName: invited.name }
    },
    acceptInvitation: (place, text, password, visitor) => acceptInvitation(rooms, place, text, password, visitor),
    beginDeviceLogin: (place, client, baseUrl) => beginDeviceLogin(rooms, place, client, baseUrl),
    deviceLogin: (actor, userCode) => findDeviceLogin(rooms, actor, userCode),
    decideDeviceLogin: (actor, userCode, isConfirmed) => decideDeviceLogin(rooms, actor, userCode, isConfirmed),
    pollDeviceLogin: (place, deviceCode) => pollDeviceLogin(rooms, place, deviceCode),
    signOut: (actor, options) => signOut(rooms, sealers, provider, actor, options),
  }
}

/** The session here ends whatever the provider says; that it cannot be reached keeps nobody signed in. */
async function signOut(
  rooms: IdentityRooms,
  { hints }: Sealers,
  provider: OidcProvider | null,
  actor: Actor,
  { everywhere, returnTo }: { readonly everywhere: boolean; readonly returnTo: string },
): Promise<string | null> {
  const id = actor.tokenId
  if (id === null) return null
  const row = await rooms.store.within(actor, (query) =>
    query.selectFrom('session').select(['sealed_hint', 'issuer']).where('session_id', '=', id).executeTakeFirst(),
  )
  await revokeSessions(rooms, actor, everywhere ? { memberId: actor.memberId } : { memberId: actor.memberId, id })
  if (provider === null || row === undefined || row.issuer === null) return null
  const hint = row.sealed_hint === null ? null : hints.open(hintPurpose, row.sealed_hint)
  return provider.signOutUrl(hint, returnTo).catch((error: unknown) => {
    rooms.observe({ type: 'failure', code: 'identity.provider-sign-out', error })
    return null
  })
}
