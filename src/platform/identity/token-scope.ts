import {
  builtinRoles,
  isBuiltinRole,
  mayDo,
  roleVerbs,
  ShellError,
  type Actor,
  type ActorKind,
  type RoleName,
  type Verb,
} from '../../domain/index.ts'
import type { TokenInput } from '../../contract/index.ts'

export interface TokenScope {
  /** null: all the roles the member has when the token is used. */
  readonly role: RoleName | null
  readonly kind: ActorKind
  readonly verbs: readonly Verb[] | null
  readonly connections: readonly string[] | null
}

/** Who may make which kind. An agent makes none: what it holds could be talked out of it. */
const kindsMadeBy: Readonly<Record<ActorKind, readonly ActorKind[]>> = {
  person: ['person', 'agent', 'service'],
  service: ['service', 'agent'],
  agent: [],
}

/** What a new token may do: never more than the actor who makes it, whose own narrowing is inherited where the input is silent. */
export function scopeOfNewToken(actor: Actor, input: TokenInput): TokenScope {
  const role = roleOf(actor, input)
  if (!kindsMadeBy[actor.kind].includes(input.kind)) throw widening(`A token of kind ${actor.kind} cannot make one of kind ${input.kind}.`)
  return { role, kind: input.kind, verbs: verbsOf(actor, role, input), connections: connectionsOf(actor, input) }
}

function roleOf(actor: Actor, { role }: TokenInput): RoleName | null {
  const strongest = actor.roles.find(isBuiltinRole)
  // A credential narrowed to one role has one; where there are several it is narrowed to none.
  if (role === undefined) return actor.roles.length === 1 ? (actor.roles[0] ?? null) : null
  if (actor.roles.includes(role)) return role
  const isWeaker = isBuiltinRole(role) && strongest !== undefined && builtinRoles.indexOf(role) < builtinRoles.indexOf(strongest)
  if (!isWeaker) throw widening(`Your roles here are ${actor.roles.join(', ')}: a token of yours cannot be ${role}.`)
  return role
}

function verbsOf(actor: Actor, role: RoleName | null, input: TokenInput): readonly Verb[] | null {
  if (input.verbs === undefined) return actor.verbs
  const isRoles = (verb: Verb): boolean => role === null || !isBuiltinRole(role) || roleVerbs[role].includes(verb)
  const beyond = input.verbs.filter((verb) => !mayDo(actor, verb) || !isRoles(verb))
  if (beyond.length > 0)
    throw widening(
      `The new token cannot have ${beyond.join(', ')}: ${beyond.length === 1 ? 'that is' : 'those are'} not yours, or not its role’s.`,
    )
  return [...new Set(input.verbs)]
}

function connectionsOf(actor: Actor, input: TokenInput): readonly string[] | null {
  if (input.connections === undefined) return actor.connections
  const own = actor.connections
  const beyond = own === null ? [] : input.connections.filter((connection) => !own.includes(connection))
  if (beyond.length > 0) throw widening(`Your own token does not reach ${beyond.join(', ')}.`)
  return [...new Set(input.connections)]
}

function widening(message: string): ShellError {
  return new ShellError({
    code: 'identity.too-wide',
    kind: 'denied',
    message,
    hint: 'Ask for less, or let somebody who may do more make the token.',
  })
}
