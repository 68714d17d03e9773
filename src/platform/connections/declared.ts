import type { Scope, Secret } from '../../domain/index.ts'
import type { ConnectionInput, PolicyBody } from '../../contract/index.ts'

/** A connection the operator wrote into aishell.yaml, or the demo that came with the server. */
export interface DeclaredConnection {
  /** Without a password. */
  readonly input: ConnectionInput
  readonly password: Secret | null
  /** Of the target's writer. */
  readonly writerPassword?: Secret | null
  /** null: the open policy. */
  readonly policy: PolicyBody | null
}

/** A connection that comes and goes with a Secret of the cluster. */
export interface DiscoveredConnection extends DeclaredConnection {
  /** Changes with every change of its Secret. */
  readonly version: string
}

/** What was there before anybody saved anything; it belongs to one tenant. */
export interface Declarations {
  readonly scope: Scope
  readonly declared: readonly DeclaredConnection[]
  readonly demo: DeclaredConnection | null
  /** What is there now; the same object until something changes. */
  readonly discovered?: () => readonly DiscoveredConnection[]
  readonly startedAt: Date
}
