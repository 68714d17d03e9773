import {
  builtinGrants,
  builtinRoles,
  effectiveRoles,
  holds,
  isBuiltinRole,
  kindOn,
  type Actor,
  type Grant,
  type RoleGrant,
  type RoleName,
  type Surface,
} from '../../domain/index.ts'
import type { FoundCredential } from './found-credential.ts'

export interface ActorRules {
  /** false: every member counts as admin; a credential's own role, verbs and connections still narrow it. */
  readonly isRbacEnabled: boolean
  /** Roles from the settings file; they outrank what a tenant has saved under the same name. */
  readonly declaredRoles: ReadonlyMap<RoleName, readonly RoleGrant[]>
}

/**
 * The actor behind a credential, with the grants that hold on this surface at this time. Where none depends on the hour,
 * it is made once for as long as the credential is remembered.
 */
export function actorOf(credential: FoundCredential, surface: Surface, now: Date, rules: ActorRules): Actor {
  const known = lasting.get(credential)?.get(surface)
  if (known !== undefined) return known
  const roles = rules.isRbacEnabled ? rolesOf(credential) : rolesOfAdmin(credential)
  const grants = roles.flatMap((role) => grantsOf(role, credential, rules))
  const actor = actorWith(
    credential,
    surface,
    roles,
    grants.filter(({ when }) => holds(when, { surface, kind: kindOn(surface, credential.kind), now })),
  )
  if (grants.some(({ when }) => when.hours !== undefined)) return actor
  const bySurface = lasting.get(credential) ?? new Map<Surface, Actor>()
  lasting.set(credential, bySurface.set(surface, actor))
  return actor
}

const lasting = new WeakMap<FoundCredential, Map<Surface, Actor>>()

function actorWith(credential: FoundCredential, surface: Surface, roles: Actor['roles'], grants: Actor['grants']): Actor {
  const { kind } = credential
  return {
    tenantId: credential.tenantId,
    memberId: credential.memberId,
    name: kind === 'person' ? credential.memberName : `${credential.memberName}/${credential.name}`,
    kind: kindOn(surface, kind),
    roles,
    grants,
    surface,
    tokenId: credential.credentialId,
    verbs: credential.verbs,
    connections: credential.connections,
  }
}

/** The credential may name a role the member no longer has: of built-in ones the weaker counts, of others none is left. */
function rolesOf({ role, memberRoles }: FoundCredential): readonly RoleName[] {
  const held = effectiveRoles(memberRoles)
  if (role === null) return held
  if (!isBuiltinRole(role)) return held.includes(role) ? [role] : []
  const strongest = held.find(isBuiltinRole)
  if (strongest === undefined) return []
  return [builtinRoles.indexOf(role) <= builtinRoles.indexOf(strongest) ? role : strongest]
}

/** Of a member who counts as admin: a role that the credential names still narrows it. */
function rolesOfAdmin(credential: FoundCredential): readonly RoleName[] {
  return credential.role === null ? ['admin'] : rolesOf({ ...credential, memberRoles: ['admin', ...credential.memberRoles] })
}

const always = {}

function grantsOf(role: RoleName, { grants }: FoundCredential, { declaredRoles }: ActorRules): readonly RoleGrant[] {
  if (isBuiltinRole(role)) return builtinGrants(role).map((grant: Grant) => ({ ...grant, when: always }))
  return declaredRoles.get(role) ?? grants.get(role) ?? []
}
