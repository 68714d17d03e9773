import type { Scope } from '../domain/index.ts'
import type { Observe, Span } from '../platform/observe/index.ts'
import type { Connections } from '../platform/connections/index.ts'
import type { Identity } from '../platform/identity/index.ts'
import type { Models } from '../platform/models/index.ts'
import type { Attend } from './attend.ts'
import type { Approvals } from './approve/index.ts'
import type { Ask } from './ask/index.ts'
import type { Guard } from './guard/index.ts'
import type { Record } from './record/index.ts'

/** The rooms a question walks through; built by hand in serve.ts. */
export interface QuestionRooms {
  readonly connections: Connections
  readonly ask: Ask
  readonly guard: Guard
  readonly record: Record
  readonly approvals: Approvals
  /** null: no language model is configured. */
  readonly models: Models | null
  /** The tenant's own language model, or the installation's, under the tenant's quota; absent: `models` for all. */
  readonly modelsOf?: (scope: Scope) => Promise<Models | null>
  /** Absent: nobody does. */
  readonly attend?: Attend
  readonly observe: Observe
  readonly span: Span
  /** The calendar day, ISO 8601, that "last month" is counted from. */
  readonly today: () => string
}

/** And those that people who decide need. */
export interface DeskRooms extends QuestionRooms {
  readonly identity: Pick<Identity, 'actorNow'>
}
