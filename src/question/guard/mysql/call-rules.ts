import type { Reason } from '../../../domain/index.ts'
import type { CatalogIndex } from '../catalog-index.ts'
import { certain, lastOf } from '../certain.ts'
import { isDeniedFunction, isReadFunction, type Profile } from './functions.ts'
import type { Ident } from './names.ts'
import type { ParserSpan } from './places.ts'
import type { Source } from './source.ts'

export interface CallRules {
  readonly profile: Profile
  readonly index: CatalogIndex | null
  /** Functions an admin marked safe, as `schema.name`. */
  readonly safeFunctions: ReadonlySet<string>
}

/** A call by name: one of the server's own that only computes and that no stored function shares its name with, or one marked safe. */
export function functionProblem(parts: readonly Ident[], source: Source, rules: CallRules): Reason | null {
  const name = lastOf(parts).value
  const upper = name.toUpperCase()
  const schema = parts.at(-2)?.value ?? null
  if (isSafe(schema, name, rules)) return null
  // With a schema, or a space where the server allows none, a call goes to the stored function of that name.
  if (schema === null && !isStored(name, rules) && isReadFunction(rules.profile, upper)) return null
  return {
    code: 'guard.function-denied',
    message: `The function ${parts.map((part) => part.value).join('.')} is not one a read may call.`,
    span: source.places.span(certain(parts[0]).node['span'] as ParserSpan), // an ident has one
    hint: isStored(name, rules) ? 'An admin can mark a function of the database as safe in the policy.' : 'Write it without this function.',
  }
}

function isStored(name: string, rules: CallRules): boolean {
  return storedNames(rules).has(name.toLowerCase())
}

/** Marked safe; unqualified only where every function that could be meant is, and the server has none of that name. */
function isSafe(schema: string | null, name: string, rules: CallRules): boolean {
  const lower = name.toLowerCase()
  const safe = (owner: string): boolean =>
    [...rules.safeFunctions].some((known) => known.toLowerCase() === `${owner.toLowerCase()}.${lower}`)
  if (schema !== null) return safe(schema)
  if (isDeniedFunction(name.toUpperCase())) return false
  const owners = (rules.index?.catalog.functions ?? []).filter((item) => item.name.toLowerCase() === lower)
  return owners.length > 0 && owners.every((item) => safe(item.schema))
}

const stored = new WeakMap<CatalogIndex, ReadonlySet<string>>()

function storedNames({ index }: CallRules): ReadonlySet<string> {
  if (index === null) return new Set()
  const known = stored.get(index) ?? new Set(index.catalog.functions.map((item) => item.name.toLowerCase()))
  stored.set(index, known)
  return known
}
