import { newId, ShellError, type Actor, type Scope } from '../../domain/index.ts'
import type { SessionBody } from '../../contract/index.ts'
import type { IdentityRooms } from './authenticate.ts'
import { hashToken, newSecretText } from './token-text.ts'

/** How a session began; `provider`: what the identity provider will name it by when it ends it. */
export interface SessionStart {
  readonly memberId: string
  readonly method: 'password' | 'invitation' | 'oidc'
  /** The client as it names itself. */
  readonly client: string
  readonly provider?: { readonly issuer: string; readonly subject: string; readonly session: string | null; readonly sealedHint: Buffer }
}

/** A fresh session; its text belongs in a cookie and nowhere else. */
export interface NewSession {
  readonly id: string
  readonly text: string
  readonly expiresAt: Date
}

const keptAfterEndMs = 7 * 86_400_000
const shownColumns = ['session_id', 'method', 'client', 'created_at', 'seen_at', 'expires_at'] as const

/** Always with a text of its own: one that was there before sign-in is never taken over (fixation). */
export async function createSession(rooms: IdentityRooms, scope: Scope, start: SessionStart): Promise<NewSession> {
  const [id, text, now] = [newId(), newSecretText('session'), rooms.now()]
  const expiresAt = new Date(now.getTime() + rooms.sessions.maxAgeMs)
  await rooms.store.within(scope, async (query) => {
    await query
      .deleteFrom('session')
      .where('member_id', '=', start.memberId)
      .where('expires_at', '<', new Date(now.getTime() - keptAfterEndMs))
      .execute()
    await query
      .insertInto('session')
      .values({
        tenant_id: scope.tenantId,
        session_id: id,
        member_id: start.memberId,
        hash: hashToken(text),
        method: start.method,
        created_at: now,
        seen_at: now,
        expires_at: expiresAt,
        revoked_at: null,
        client: start.client.slice(0, 200),
        issuer: start.provider?.issuer ?? null,
        subject: start.provider?.subject ?? null,
        provider_session: start.provider?.session ?? null,
        sealed_hint: start.provider?.sealedHint ?? null,
      })
      .execute()
  })
  return { id, text, expiresAt }
}

/** One's own that still hold. */
export async function listSessions(rooms: IdentityRooms, actor: Actor): Promise<readonly SessionBody[]> {
  const idleSince = new Date(rooms.now().getTime() - rooms.sessions.idleMs)
  const rows = await rooms.store.within(actor, (query) =>
    query
      .selectFrom('session')
      .select(shownColumns)
      .where('member_id', '=', actor.memberId)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', rooms.now())
      .where('seen_at', '>', idleSince)
      .orderBy('created_at')
      .execute(),
  )
  return rows.map((row) => ({
    id: row.session_id,
    method: row.method,
    client: row.client,
    isCurrent: row.session_id === actor.tokenId,
    createdAt: row.created_at.toISOString(),
    seenAt: row.seen_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  }))
}

/** Ends sessions of a member: the one named, or all. Gives the ids of those that ended. */
export async function revokeSessions(rooms: IdentityRooms, scope: Scope, which: { readonly memberId: string; readonly id?: string }) {
  const ended = await rooms.store.within(scope, async (query) => {
    const all = query.updateTable('session').where('member_id', '=', which.memberId).where('revoked_at', 'is', null)
    const rows = await (which.id === undefined ? all : all.where('session_id', '=', which.id))
      .set({ revoked_at: rooms.now() })
      .returning('session_id')
      .execute()
    return rows.map((row) => row.session_id)
  })
  rooms.forget(scope, (credential) => ended.includes(credential.credentialId))
  return ended
}

export function noSuchSession(): ShellError {
  return new ShellError({ code: 'identity.no-such-session', kind: 'missing', message: 'There is no such session among yours.' })
}
