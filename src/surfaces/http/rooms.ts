import type { Actor } from '../../domain/index.ts'
import type { ReadyBody } from '../../contract/index.ts'
import type { Connections } from '../../platform/connections/index.ts'
import type { Identity } from '../../platform/identity/index.ts'
import type { Observer } from '../../platform/observe/index.ts'
import type { People, RateLimits, SignInPlace, TenantClaim } from '../../platform/tenancy/index.ts'
import type { Answer, ApprovalDesk } from '../../question/index.ts'
import type { Record } from '../../question/record/index.ts'
import type { PersonOffice } from './person-office.ts'
import type { RunningAnswers } from './running-answers.ts'
import type { TenantOffice } from './tenant-office.ts'

/** One thing /ready looks at. Never throws; `failed` turns the server away from traffic, `degraded` is only shown. */
export type ReadinessCheck = () => Promise<ReadyBody['checks'][number]>

export interface McpRequest {
  readonly actor: Actor
  readonly method: string
  /** Lower-case names. */
  readonly headers: Readonly<{ [name: string]: string | string[] | undefined }>
  /** Parsed JSON; undefined where there was none. */
  readonly body: unknown
  /** Aborted when the client has gone or the server's grace is over. */
  readonly signal: AbortSignal
}

export interface McpReply {
  readonly status: number
  readonly headers: Readonly<{ [name: string]: string }>
  readonly body: string | AsyncIterable<Uint8Array> | null
}

/** The MCP surface, a sibling that this one does not know: it only carries its bytes. */
export interface McpDoor {
  handle(request: McpRequest): Promise<McpReply>
}

/** The rooms the HTTP surface speaks to; built by hand in serve.ts. */
export interface HttpRooms {
  /** Must have passed through `running.follow`. */
  readonly answer: Answer
  readonly running: RunningAnswers
  readonly identity: Identity
  readonly people: People
  readonly persons: PersonOffice
  /** Where people who have not signed in want to: what host and header say. Throws `tenancy.mismatch`. */
  readonly signInPlace: (claim: TenantClaim) => Promise<SignInPlace>
  readonly connections: Connections
  readonly record: Record
  readonly approvals: Omit<ApprovalDesk, 'sweep' | 'close'>
  readonly checks: readonly ReadinessCheck[]
  readonly observer: Pick<Observer, 'observe' | 'openRequest' | 'metricsText'>
  readonly mcp: McpDoor | null
  /** Absent: nothing is limited; only tests of other parts do so. */
  readonly rates?: Pick<RateLimits, 'take'>
  /** Absent: no tenant is looked at and there are no tenant routes; only tests of other parts do so. */
  readonly office?: TenantOffice
}
