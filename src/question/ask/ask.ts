import type { Awaitable, Catalog, Disclosure, Draft, Question } from '../../domain/index.ts'
import type { Models } from '../../platform/models/index.ts'

/** What a drafter may know. */
export interface AskContext {
  /** The actor's own view. */
  readonly view: Catalog
  readonly disclosure: Disclosure
  /** Calendar day that "last month" is counted from, ISO 8601. */
  readonly today: string
  /** null: the built-in drafter answers. */
  readonly models: Models | null
  readonly signal: AbortSignal
  /** The draft before this one and why it could not be used; at most two repairs. */
  readonly repair: { readonly sql: string; readonly problem: string } | null
}

/** Drafts SQL for a question: verbatim for SQL, else by model where one is configured, else by the built-in drafter. */
export type Ask = (question: Question, context: AskContext) => Awaitable<Draft>
