import type { Actor, ActorKind, Surface } from './actor.ts'
import { isWithinHours, type Hours } from './hours.ts'
import { roleVerbs, type BuiltinRole, type Grant, type RoleName, type Verb } from './role.ts'

export * from './role.ts' // a role's grants are of them

export { isWithinHours, type Hours }

/** All that are given must hold. */
export interface GrantConditions {
  readonly surfaces?: readonly Surface[] | undefined
  readonly kinds?: readonly ActorKind[] | undefined
  readonly hours?: Hours | undefined
}

export interface RoleGrant extends Grant {
  readonly when: GrantConditions
}

/** A role of a tenant's own. */
export interface RoleDefinition {
  readonly name: RoleName
  readonly description: string
  readonly grants: readonly RoleGrant[]
}

/** What a connection is known by where rights are asked for. */
export interface ConnectionNames {
  readonly id: string
  readonly name: string
  readonly labels: readonly string[]
}

export function builtinGrants(role: BuiltinRole): readonly Grant[] {
  return builtin[role]
}

const grantOf = (role: BuiltinRole): readonly Grant[] => Object.freeze([Object.freeze({ verbs: roleVerbs[role], connections: null })])
const builtin: Readonly<Record<BuiltinRole, readonly Grant[]>> = {
  reader: grantOf('reader'),
  editor: grantOf('editor'),
  admin: grantOf('admin'),
}

/** Some grant allows the verb, if perhaps on few connections, and so does the credential. */
export function mayDo(actor: Actor, verb: Verb): boolean {
  return isCredentialFor(actor, verb) && actor.grants.some((grant) => grant.verbs.includes(verb))
}

/** The verb on this very connection; the credential's own narrowing bounds it. */
export function mayDoOn(actor: Actor, verb: Verb, connection: ConnectionNames): boolean {
  if (!isCredentialFor(actor, verb) || !isNamed(actor.connections, connection)) return false
  return actor.grants.some((grant) => grant.verbs.includes(verb) && selects(grant.connections, connection))
}

/** Everything the grant gives this actor may do too: so nobody hands out more than they hold. */
export function mayGive(actor: Actor, grant: Grant): boolean {
  if (actor.connections !== null) return false
  return grant.verbs.every(
    (verb) => isCredentialFor(actor, verb) && actor.grants.some((own) => own.verbs.includes(verb) && isWider(own, grant)),
  )
}

function isWider(own: Grant, grant: Grant): boolean {
  return own.connections === null || (grant.connections?.every((selector) => own.connections?.includes(selector)) ?? false)
}

function isCredentialFor(actor: Actor, verb: Verb): boolean {
  return actor.verbs === null || actor.verbs.includes(verb)
}

/** A credential names connections plainly, without patterns. */
function isNamed(names: readonly string[] | null, connection: ConnectionNames): boolean {
  return names === null || names.some((one) => one === connection.id || one.toLowerCase() === connection.name.toLowerCase())
}

function selects(selectors: readonly string[] | null, connection: ConnectionNames): boolean {
  if (selectors === null) return true
  return selectors.some((selector) => {
    if (selector.startsWith('label:')) return connection.labels.includes(selector.slice('label:'.length))
    return selector === connection.id || matchesName(selector, connection.name)
  })
}

function matchesName(pattern: string, name: string): boolean {
  const parts = pattern.toLowerCase().split('*')
  const source = parts.map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*')
  return new RegExp(`^${source}$`, 's').test(name.toLowerCase())
}

/** Whether a grant counts for this kind of actor, on this surface, at this time. */
export function holds(when: GrantConditions, at: { readonly surface: Surface; readonly kind: ActorKind; readonly now: Date }): boolean {
  if (when.surfaces !== undefined && !when.surfaces.includes(at.surface)) return false
  if (when.kinds !== undefined && !when.kinds.includes(at.kind)) return false
  return when.hours === undefined || isWithinHours(when.hours, at.now)
}
