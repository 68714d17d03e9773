import type { Param } from './question.ts'

export const drafters = ['verbatim', 'builtin', 'model'] as const
export type Drafter = (typeof drafters)[number]

/** What a model call cost and saw, for the record. Absent for the other drafters. */
export interface ModelUse {
  readonly provider: string
  readonly model: string
  /** SHA-256 of the prompt, hex. */
  readonly promptHash: string
  readonly inputTokens: number
  readonly outputTokens: number
}

export interface Drafted {
  readonly kind: 'drafted'
  readonly drafter: Drafter
  readonly sql: string
  readonly params: readonly Param[]
  /** One sentence: how the question was understood. */
  readonly explanation: string
  /** What was taken for granted, one sentence each ("last month" is …). */
  readonly assumptions: readonly string[]
  readonly modelUse?: ModelUse
}

/** The question cannot be answered from this data, or not surely enough. */
export interface Abstained {
  readonly kind: 'abstained'
  readonly drafter: Drafter
  /** Why, for the asker. */
  readonly reason: string
  readonly modelUse?: ModelUse
}

/** The question has more than one good reading. */
export interface Clarify {
  readonly kind: 'clarify'
  readonly drafter: Drafter
  readonly prompt: string
  /** Complete questions the asker may pick from. */
  readonly choices: readonly string[]
  readonly modelUse?: ModelUse
}

export type Draft = Drafted | Abstained | Clarify
