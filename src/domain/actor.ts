import { roleVerbs, type Role, type Verb } from './role.ts'

export const actorKinds = ['person', 'agent', 'service'] as const
export type ActorKind = (typeof actorKinds)[number]

export const surfaces = ['http', 'mcp', 'terminal', 'console'] as const
export type Surface = (typeof surfaces)[number]

/** The tenant whose rows a store query may see; first parameter of every one of them. */
export interface Scope {
  readonly tenantId: string
}

/** Whoever asks: a person, an agent or a service, as proven by a credential. */
export interface Actor extends Scope {
  readonly memberId: string
  readonly name: string
  readonly kind: ActorKind
  readonly role: Role
  readonly surface: Surface
  /** The credential used, for the record; null where there was none (start-up jobs). */
  readonly tokenId: string | null
  /** Verbs the credential is narrowed to; null: everything its role may do. */
  readonly verbs: readonly Verb[] | null
  /** Connection names or ids the credential is narrowed to; null: all. */
  readonly connections: readonly string[] | null
}

/** A verb is allowed when both the role and the credential allow it. */
export function mayDo(actor: Actor, verb: Verb): boolean {
  return roleVerbs[actor.role].includes(verb) && (actor.verbs === null || actor.verbs.includes(verb))
}
