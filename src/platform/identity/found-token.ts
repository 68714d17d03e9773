import { actorKinds, roles, verbs, type ActorKind, type Role, type Verb } from '../../domain/index.ts'
import { sql, type Store } from '../store/index.ts'

/** A token and its member, as `find_token` shows them to those who know its text. */
export interface FoundToken {
  readonly tenantId: string
  readonly tokenId: string
  readonly memberId: string
  readonly memberName: string
  readonly memberRole: Role
  readonly isMemberDisabled: boolean
  readonly name: string
  readonly kind: ActorKind
  readonly role: Role
  readonly verbs: readonly Verb[] | null
  readonly connections: readonly string[] | null
  readonly expiresAt: Date
  readonly lastUsedAt: Date | null
  readonly revokedAt: Date | null
}

interface FoundRow {
  tenant_id: string
  token_id: string
  member_id: string
  member_name: string
  member_role: string
  disabled_at: Date | null
  name: string
  kind: string
  role: string
  verbs: string[] | null
  connections: string[] | null
  expires_at: Date
  last_used_at: Date | null
  revoked_at: Date | null
}

/** Before a token is known there is no tenant, so this goes through the one function that may look across them. */
export async function findToken(store: Store, hash: Buffer): Promise<FoundToken | null> {
  const { rows } = await store.withoutTenant((query) => sql<FoundRow>`SELECT * FROM find_token(${hash})`.execute(query))
  const row = rows[0]
  if (row === undefined) return null
  return {
    tenantId: row.tenant_id,
    tokenId: row.token_id,
    memberId: row.member_id,
    memberName: row.member_name,
    memberRole: knownRole(row.member_role),
    isMemberDisabled: row.disabled_at !== null,
    name: row.name,
    kind: knownKind(row.kind),
    role: knownRole(row.role),
    verbs: knownVerbs(row.verbs),
    connections: row.connections,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  }
}

/** What this version does not know counts as the least: a newer server may have written it. */
export function knownRole(text: string): Role {
  return roles.find((role) => role === text) ?? 'reader'
}

export function knownKind(text: string): ActorKind {
  return actorKinds.find((kind) => kind === text) ?? 'agent'
}

export function knownVerbs(texts: readonly string[] | null): readonly Verb[] | null {
  return texts === null ? null : verbs.filter((verb) => texts.includes(verb))
}

export function weakerRole(a: Role, b: Role): Role {
  return roles.indexOf(a) <= roles.indexOf(b) ? a : b
}
