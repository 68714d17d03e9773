/** What a token or a member may do; a permission is a verb on a connection. */
export const verbs = [
  'ask',
  'browse-catalog',
  'read-history',
  'manage-tokens',
  'approve',
  'manage-connections',
  'manage-policies',
  'read-audit',
  'manage-members',
] as const
export type Verb = (typeof verbs)[number]

/** Verbs that are about the tenant and not about one connection: a grant of them cannot be narrowed to some. */
export const tenantVerbs: readonly Verb[] = ['read-history', 'manage-tokens', 'read-audit', 'manage-members']

/** The parts in a tenant that are always there, weakest first. Not database users. */
export const builtinRoles = ['reader', 'editor', 'admin'] as const
export type BuiltinRole = (typeof builtinRoles)[number]

/** A built-in role or one the tenant has defined; policies, members, groups and tokens refer to roles by name. */
export type RoleName = string

/** Verbs on connections; several add up. */
export interface Grant {
  readonly verbs: readonly Verb[]
  /** Ids, names or name patterns (`*` for any run of characters), `label:NAME`; null: every connection. */
  readonly connections: readonly string[] | null
}

const readerVerbs: readonly Verb[] = ['ask', 'browse-catalog', 'read-history', 'manage-tokens']
const editorVerbs: readonly Verb[] = [...readerVerbs, 'approve', 'manage-connections', 'manage-policies']

/** The verbs of each built-in role: readers ask, editors also approve writes and keep connections, admins do everything. */
export const roleVerbs: Readonly<Record<BuiltinRole, readonly Verb[]>> = {
  reader: readerVerbs,
  editor: editorVerbs,
  admin: verbs,
}

export function isBuiltinRole(name: RoleName): name is BuiltinRole {
  return builtinRoles.some((role) => role === name)
}

/** Of the built-in roles among the names the strongest counts, beside all roles of the tenant's own; sorted, each once. */
export function effectiveRoles(names: readonly RoleName[]): readonly RoleName[] {
  const strongest = builtinRoles.findLast((role) => names.includes(role))
  const own = [...new Set(names.filter((name) => !isBuiltinRole(name)))].toSorted()
  return strongest === undefined ? own : [strongest, ...own]
}
