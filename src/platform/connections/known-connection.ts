import { createHash } from 'node:crypto'
import type { Policy, Scope } from '../../domain/index.ts'
import type { ConnectionBody } from '../../contract/index.ts'
import type { EngineTarget } from '../engines/index.ts'
import type { Declarations, DeclaredConnection } from './declared.ts'
import { policyOf, type PolicyBase } from './policy.ts'

/** A connection with all that is needed to open it. */
export interface KnownConnection {
  readonly scope: Scope
  readonly body: ConnectionBody
  readonly policy: Policy
  /** Changes whenever the way in does: leases of an older stamp are not used. */
  readonly stamp: string
  /** Opens the saved password. */
  target(): Promise<EngineTarget>
}

/** Ids of declared connections hold a colon, which no name and no UUID does. */
export function declaredId(origin: 'file' | 'demo', name: string): string {
  return `${origin}:${name.toLowerCase()}`
}

/** `savedPolicy`: the demo's policy may be edited; that of a declared connection is what its file says. */
export function declaredConnections({ scope, declared, demo, startedAt }: Declarations, base: PolicyBase): readonly KnownConnection[] {
  const time = startedAt.toISOString()
  const all = [...declared.map((one) => ['file', one] as const), ...(demo === null ? [] : [['demo', demo] as const])]
  return all.map(([origin, one]) => ({
    scope,
    body: {
      id: declaredId(origin, one.input.name),
      name: one.input.name,
      description: one.input.description,
      labels: one.input.labels ?? [],
      engine: one.input.engine,
      target: one.input.target,
      origin,
      createdAt: time,
      updatedAt: time,
    },
    policy: policyOf(one.policy, base),
    stamp: 'declared',
    target: async () => targetOf(one),
  }))
}

function targetOf({ input, password }: DeclaredConnection): EngineTarget {
  if (input.engine === 'sqlite') return { engine: 'sqlite', file: input.target.file }
  return { engine: input.engine, ...input.target, password }
}

export function stampOf(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}
