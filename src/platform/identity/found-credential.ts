import { actorKinds, isBuiltinRole, verbs, type ActorKind, type RoleGrant, type RoleName, type Verb } from '../../domain/index.ts'
import { roleGrantsShape } from '../../contract/index.ts'
import { sql, type Store } from '../store/index.ts'

/** A token or a session with its member and all that the member's roles give, as `find_credential` shows them to whoever holds its text. */
export interface FoundCredential {
  readonly source: 'token' | 'session'
  readonly tenantId: string
  readonly credentialId: string
  readonly memberId: string
  readonly memberName: string
  readonly isMemberDisabled: boolean
  readonly name: string
  readonly kind: ActorKind
  /** The one role the credential is narrowed to; null: all the member's. */
  readonly role: RoleName | null
  readonly verbs: readonly Verb[] | null
  readonly connections: readonly string[] | null
  readonly expiresAt: Date
  readonly lastUsedAt: Date | null
  readonly revokedAt: Date | null
  /** The member's own role and those of their groups. */
  readonly memberRoles: readonly RoleName[]
  /** Of the tenant's own roles among them. */
  readonly grants: ReadonlyMap<RoleName, readonly RoleGrant[]>
}

interface FoundRow {
  source: 'token' | 'session'
  tenant_id: string
  credential_id: string
  member_id: string
  name: string
  kind: string
  role: string | null
  verbs: string[] | null
  connections: string[] | null
  expires_at: Date
  last_used_at: Date | null
  revoked_at: Date | null
  member_name: string
  disabled_at: Date | null
  role_names: string[]
  role_grants: Record<string, unknown>
}

/** What a credential is looked up by: the digest of its text, or the session an access token names. */
export type CredentialKey = { readonly hash: Buffer } | { readonly tenantId: string; readonly sessionId: string }

/** Before a credential is known there is no tenant, so this goes through the one function that may look across them. */
export async function findCredential(store: Store, key: CredentialKey): Promise<FoundCredential | null> {
  const [hash, tenantId, sessionId] = 'hash' in key ? [key.hash, null, null] : [null, key.tenantId, key.sessionId]
  const { rows } = await store.withoutTenant((query) =>
    sql<FoundRow>`SELECT * FROM find_credential(${hash}::bytea, ${tenantId}::uuid, ${sessionId}::uuid)`.execute(query),
  )
  const row = rows[0]
  return row === undefined ? null : credentialOf(row)
}

function credentialOf(row: FoundRow): FoundCredential {
  return {
    source: row.source,
    tenantId: row.tenant_id,
    credentialId: row.credential_id,
    memberId: row.member_id,
    memberName: row.member_name,
    isMemberDisabled: row.disabled_at !== null,
    name: row.name,
    kind: knownKind(row.kind),
    role: row.role,
    verbs: knownVerbs(row.verbs),
    connections: row.connections,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
    memberRoles: row.role_names,
    grants: new Map(Object.entries(row.role_grants).map(([name, grants]) => [name, knownGrants(name, grants)])),
  }
}

/** What this version does not know counts as the least: a newer server may have written it. */
export function knownKind(text: string): ActorKind {
  return actorKinds.find((kind) => kind === text) ?? 'agent'
}

export function knownVerbs(texts: readonly string[] | null): readonly Verb[] | null {
  return texts === null ? null : verbs.filter((verb) => texts.includes(verb))
}

/** A definition that cannot be read gives nothing, and a built-in name can never be redefined. */
function knownGrants(name: RoleName, grants: unknown): readonly RoleGrant[] {
  if (isBuiltinRole(name)) return []
  const parsed = roleGrantsShape.safeParse(grants)
  return parsed.success ? parsed.data : []
}
