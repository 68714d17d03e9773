import type { Actor, Scope } from '../../domain/index.ts'
import type { DeviceLoginBody, DevicePollBody } from '../../contract/index.ts'
import type { OidcProvider } from './oidc/oidc-provider.ts'
import type { SignedIn, Visitor } from './signed-in.ts'

/** A refusal is a value; `wait`: too many failures from there, try again after so many seconds. */
export type SignInOutcome = SignedIn | { readonly kind: 'refused' } | { readonly kind: 'wait'; readonly seconds: number }

/** Beginning and ending of sessions. */
export interface SignIn {
  /** null: none is configured. */
  readonly provider: OidcProvider | null
  withPassword(scope: Scope, given: { readonly name: string; readonly password: string }, visitor: Visitor): Promise<SignInOutcome>
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
  /** Whose invitation it is; null: void, used or expired. */
  invitation(text: string): Promise<{ readonly memberName: string } | null>
  /** null: void, used or expired. Throws `identity.weak-password`. */
  acceptInvitation(text: string, password: string, visitor: Visitor): Promise<SignedIn | null>
  beginDeviceLogin(scope: Scope, client: string, baseUrl: string): Promise<DeviceLoginBody>
  /** What a person is asked to confirm; null: no such code, or not any more. */
  deviceLogin(actor: Actor, userCode: string): Promise<{ readonly client: string } | null>
  /** false: no such code, or not any more. */
  decideDeviceLogin(actor: Actor, userCode: string, isConfirmed: boolean): Promise<boolean>
  /** Confirmed only once; the token is in that answer and nowhere else. */
  pollDeviceLogin(deviceCode: string): Promise<DevicePollBody>
  /** Ends this session, or all of the member's. Gives where to go on to sign out at the provider too; null: nowhere. */
  signOut(actor: Actor, options: { readonly everywhere: boolean; readonly returnTo: string }): Promise<string | null>
}
