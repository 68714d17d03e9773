import type { Grant, RoleName, Verb } from './role.ts'

export const actorKinds = ['person', 'agent', 'service'] as const
export type ActorKind = (typeof actorKinds)[number]

export const surfaces = ['http', 'mcp', 'terminal', 'console'] as const
export type Surface = (typeof surfaces)[number]

/** Whoever holds the credential, what speaks over MCP is a program: rights and record alike take it for an agent, never for a person. */
export function kindOn(surface: Surface, kind: ActorKind): ActorKind {
  return surface === 'mcp' && kind === 'person' ? 'agent' : kind
}

/** The tenant whose rows a store query may see; first parameter of every one of them. */
export interface Scope {
  readonly tenantId: string
}

/** Whoever asks: a person, an agent or a service, as proven by a credential. */
export interface Actor extends Scope {
  readonly memberId: string
  readonly name: string
  readonly kind: ActorKind
  /** Every role held, directly or through a group; of the built-in ones only the strongest. Policies go by them. */
  readonly roles: readonly RoleName[]
  /** What the roles give here and now: conditions have been looked at when the credential was proven. Their union counts. */
  readonly grants: readonly Grant[]
  readonly surface: Surface
  /** The token or session used, for the record; null where there was none (start-up jobs). */
  readonly tokenId: string | null
  /** Verbs the credential is narrowed to; null: everything its roles may do. */
  readonly verbs: readonly Verb[] | null
  /** Connection names or ids the credential is narrowed to; null: all. */
  readonly connections: readonly string[] | null
}
