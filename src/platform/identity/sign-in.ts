import type { Actor } from '../../domain/index.ts'
import type { DeviceLoginBody, DevicePollBody } from '../../contract/index.ts'
import type { SignInPlace } from '../tenancy/index.ts'
import type { OidcProvider } from './oidc/oidc-provider.ts'
import type { SignedIn, Visitor } from './signed-in.ts'

/** A refusal is a value; `wait`: too many failures from there, try again after so many seconds. */
export type SignInOutcome = SignedIn | { readonly kind: 'refused' } | { readonly kind: 'wait'; readonly seconds: number }

/** Beginning and ending of sessions. */
export interface SignIn {
  /** null: none is configured. */
  readonly provider: OidcProvider | null
  withPassword(place: SignInPlace, given: { readonly name: string; readonly password: string }, visitor: Visitor): Promise<SignInOutcome>
  /** One's own, with the present one as proof; other sessions end. Throws `identity.weak-password`. */
  changePassword(
    actor: Actor,
    given: { readonly current: string; readonly password: string },
    visitor: Visitor,
  ): Promise<Exclude<SignInOutcome, SignedIn> | { readonly kind: 'changed' }>
  /** By whoever manages members and holds all the member's rights; the member's sessions end. Throws `identity.weak-password`. */
  setPassword(actor: Actor, memberId: string, password: string): Promise<void>
  /** A text for a link with which the member sets a password, once, within three days; an earlier one is void. */
  invite(actor: Actor, memberId: string): Promise<{ readonly text: string; readonly expiresAt: Date }>
  /** Whose invitation it is; null: void, used, expired, or of another tenant than the place names. */
  invitation(place: SignInPlace, text: string): Promise<{ readonly memberName: string } | null>
  /** null: as for `invitation`. Throws `identity.weak-password`, `tenancy.suspended`. */
  acceptInvitation(place: SignInPlace, text: string, password: string, visitor: Visitor): Promise<SignedIn | null>
  /** For members of the place’s tenant; where there is none it waits for ever. */
  beginDeviceLogin(place: SignInPlace, client: string, baseUrl: string): Promise<DeviceLoginBody>
  /** What a person is asked to confirm; null: no such code, or not any more. */
  deviceLogin(actor: Actor, userCode: string): Promise<{ readonly client: string } | null>
  /** false: no such code, or not any more. */
  decideDeviceLogin(actor: Actor, userCode: string, isConfirmed: boolean): Promise<boolean>
  /** Confirmed only once, where it was begun or at no tenant's address; the token is in that answer and nowhere else. */
  pollDeviceLogin(place: SignInPlace, deviceCode: string): Promise<DevicePollBody>
  /** Ends this session, or all of the member's. Gives where to go on to sign out at the provider too; null: nowhere. */
  signOut(actor: Actor, options: { readonly everywhere: boolean; readonly returnTo: string }): Promise<string | null>
}
