import { createHash } from 'node:crypto'
import { ShellError, type Limits, type Policy } from '../../domain/index.ts'
import { policyShape, type PolicyBody } from '../../contract/index.ts'

/** Limits a policy that says nothing of them leaves in force. */
export interface PolicyBase {
  readonly defaults: Limits
  readonly ceiling: Limits
}

/** The open policy, as people see and save one. */
export const openPolicyBody: PolicyBody = policyShape.parse({})

/** A policy as the guard reads it; its version is a digest of all it says, limits of the server included. */
export function policyOf(body: PolicyBody | null, base: PolicyBase): Policy {
  const { frozen, defaults, ceiling, ...said } = body ?? openPolicyBody
  const rules = { ...said, isFrozen: frozen, defaults: { ...base.defaults, ...defaults }, ceiling: { ...base.ceiling, ...ceiling } }
  const version = createHash('sha256').update(JSON.stringify(rules, sortedKeys)).digest('base64url').slice(0, 22)
  return { ...rules, version }
}

/** Checks a policy before it is saved; what is left out is set to the open policy's. */
export function checkedPolicy(policy: PolicyBody): PolicyBody {
  const parsed = policyShape.safeParse(policy)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new ShellError({
    code: 'connections.policy-invalid',
    kind: 'invalid',
    message: `The policy cannot be used: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
  })
}

/** A saved policy that cannot be read closes its connection: an open one in its place would show what it hid. */
export function savedPolicy(body: unknown): PolicyBody {
  const parsed = policyShape.safeParse(body)
  if (parsed.success) return parsed.data
  throw new ShellError({
    code: 'connections.policy-unreadable',
    kind: 'failed',
    message: 'The saved policy of this connection cannot be read by this version, so the connection stays closed.',
    hint: 'Save its policy again.',
  })
}

/** The same rules in another key order are the same policy. */
function sortedKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
