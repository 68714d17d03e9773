import type { Scope, Secret } from '../../domain/index.ts'
import type { ConnectionInput, PolicyBody } from '../../contract/index.ts'

/** A connection the operator wrote into aishell.yaml, or the demo that came with the server. */
export interface DeclaredConnection {
  /** Without a password. */
  readonly input: ConnectionInput
  readonly password: Secret | null
  /** null: the open policy. */
  readonly policy: PolicyBody | null
}

/** What was there before anybody saved anything; it belongs to one tenant. */
export interface Declarations {
  readonly scope: Scope
  readonly declared: readonly DeclaredConnection[]
  readonly demo: DeclaredConnection | null
  readonly startedAt: Date
}
