import { ShellError, type RoleName } from '../../domain/index.ts'
import type { PolicyBody } from '../../contract/index.ts'

/** A rule for a role that is not there would bind nobody: what it should hide stays open. Throws `connections.policy-role-unknown`. */
export function requireKnownRoles(policy: PolicyBody, known: ReadonlySet<RoleName>): void {
  const unknown = [...new Set(rolesIn(policy))].filter((role) => !known.has(role))
  if (unknown.length === 0) return
  throw new ShellError({
    code: 'connections.policy-role-unknown',
    kind: 'invalid',
    message: `The policy names ${unknown.length === 1 ? 'a role that is' : 'roles that are'} not there: ${unknown.join(', ')}.`,
    hint: '`aishell admin roles` lists the roles; define it first, or mend its name.',
  })
}

/** Whatever stands under `roles` or `writers`, however deep: each kind of rule has its own. */
function rolesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap(rolesIn)
  return Object.entries(value).flatMap(([key, inner]) => {
    const names = (key === 'roles' || key === 'writers') && Array.isArray(inner) ? inner.filter((one) => typeof one === 'string') : []
    return [...names, ...rolesIn(inner)]
  })
}
