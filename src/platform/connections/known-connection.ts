import { createHash } from 'node:crypto'
import type { Policy, Scope } from '../../domain/index.ts'
import type { ConnectionBody } from '../../contract/index.ts'
import type { EngineTarget } from '../engines/index.ts'
import type { Declarations, DeclaredConnection, DiscoveredConnection } from './declared.ts'
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
export type DeclaredOrigin = 'file' | 'cluster' | 'demo'

export function declaredId(origin: DeclaredOrigin, name: string): string {
  return `${origin}:${name.toLowerCase()}`
}

/** `savedPolicy`: the demo's policy may be edited; that of a declared connection is what its file says. */
export function declaredConnections({ scope, declared, demo, startedAt }: Declarations, base: PolicyBase): readonly KnownConnection[] {
  const time = startedAt.toISOString()
  const all = [...declared.map((one) => ['file', one] as const), ...(demo === null ? [] : [['demo', demo] as const])]
  return all.map(([origin, one]) => knownOf({ scope, origin, time, stamp: 'declared' }, one, base))
}

export function discoveredConnections(
  { scope, startedAt }: Declarations,
  discovered: readonly DiscoveredConnection[],
  base: PolicyBase,
): readonly KnownConnection[] {
  const time = startedAt.toISOString()
  return discovered.map((one) => knownOf({ scope, origin: 'cluster', time, stamp: stampOf(one.version) }, one, base))
}

interface About {
  readonly scope: Scope
  readonly origin: DeclaredOrigin
  readonly time: string
  readonly stamp: string
}

function knownOf({ scope, origin, time, stamp }: About, one: DeclaredConnection, base: PolicyBase): KnownConnection {
  const { name, description, labels = [], engine } = one.input
  const target = shownTarget(one.input)
  return {
    scope,
    body: { id: declaredId(origin, name), name, description, labels, engine, target, origin, createdAt: time, updatedAt: time },
    policy: policyOf(one.policy, base),
    stamp,
    target: async () => targetOf(one),
  }
}

function shownTarget({ target }: DeclaredConnection['input']): ConnectionBody['target'] {
  if ('file' in target) return target
  const { password: _never, writer, ...place } = target
  return { ...place, ...(writer == null ? {} : { writer: { user: writer.user } }) }
}

function targetOf({ input, password, writerPassword = null }: DeclaredConnection): EngineTarget {
  if (input.engine === 'sqlite') return { engine: 'sqlite', file: input.target.file }
  const { password: _none, passwordFrom: _no, writer, ...place } = input.target
  return { engine: input.engine, ...place, password, writer: writer == null ? null : { user: writer.user, password: writerPassword } }
}

export function stampOf(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}
