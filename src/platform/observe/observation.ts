import type { ApprovalState, Awaitable, Decision, Dialect, Drafter, Outcome, StatementClass } from '../../domain/index.ts'

/**
 * Everything a room may report, as a closed union; logger, metrics and traces interpret it.
 * No SQL, no rows, no secrets: those belong to the record, which is not this.
 */
export type Observation =
  | { readonly type: 'server-started'; readonly url: string; readonly version: string }
  | { readonly type: 'server-draining'; readonly graceMs: number }
  | { readonly type: 'server-stopped' }
  | { readonly type: 'warning'; readonly code: string; readonly message: string }
  | { readonly type: 'failure'; readonly code: string; readonly requestId?: string; readonly error: unknown }
  | {
      readonly type: 'request-ended'
      readonly requestId: string
      readonly method: string
      readonly route: string
      readonly status: number
      readonly elapsedMs: number
      readonly actorId?: string
      readonly tenantId?: string
    }
  | { readonly type: 'credential-refused'; readonly code: string; readonly surface: string }
  /** `check`: once for each password that somebody gives, whether there is such an account or not. */
  | { readonly type: 'password-hashed'; readonly work: 'check' | 'set' }
  | {
      readonly type: 'draft-made'
      readonly drafter: Drafter
      readonly kind: 'drafted' | 'abstained' | 'clarify'
      readonly elapsedMs: number
    }
  | {
      readonly type: 'verdict-reached'
      readonly decision: Decision
      readonly class: StatementClass
      readonly codes: readonly string[]
      readonly dialect: Dialect
      readonly elapsedMs: number
    }
  | {
      readonly type: 'run-ended'
      readonly dialect: Dialect
      readonly rows: number
      readonly bytes: number
      readonly elapsedMs: number
      readonly code: string | null
    }
  | { readonly type: 'answer-ended'; readonly outcome: Outcome | 'drafted'; readonly drafter: Drafter | null; readonly elapsedMs: number }
  | { readonly type: 'approval-changed'; readonly state: ApprovalState }
  | { readonly type: 'leases-changed'; readonly dialect: Dialect; readonly used: number; readonly waiting: number }
  | {
      readonly type: 'model-called'
      readonly provider: string
      readonly outcome: 'ok' | 'timeout' | 'error' | 'open-breaker' | 'invalid'
      readonly inputTokens: number
      readonly outputTokens: number
      readonly elapsedMs: number
    }
  | { readonly type: 'record-committed'; readonly entries: number; readonly elapsedMs: number }
  | { readonly type: 'redis-changed'; readonly kind: 'standalone' | 'sentinel'; readonly isUp: boolean; readonly detail: string }
  | { readonly type: 'leader-changed'; readonly leads: boolean }
  | { readonly type: 'rate-refused'; readonly holder: string; readonly group: string }
  | { readonly type: 'secret-reloaded'; readonly name: string }
  | { readonly type: 'intents-lost'; readonly count: number }
  | { readonly type: 'catalog-read'; readonly dialect: Dialect; readonly relations: number; readonly elapsedMs: number }

export type Observe = (observation: Observation) => void

/** Runs work inside a trace span; without a configured exporter it only runs it. */
export type Span = <Result>(
  name: string,
  attributes: Readonly<Record<string, string | number | boolean>>,
  work: () => Awaitable<Result>,
) => Awaitable<Result>
