import type { Limits } from './limits.ts'

/** A bound value: text as the database would read it, or NULL. */
export type Param = string | null

export type QuestionInput =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'sql'; readonly sql: string; readonly params: readonly Param[] }

/** `draft`: draft and judge only; `explain`: the server's plan as well, still without running. */
export const purposes = ['run', 'draft', 'explain'] as const
export type Purpose = (typeof purposes)[number]

/** Something asked of one connection. SQL typed by hand is a question whose drafter is `verbatim`. */
export interface Question {
  readonly id: string
  /** Id or name of the connection. */
  readonly connection: string
  readonly input: QuestionInput
  readonly conversation: string | null
  /** Limits the asker wants; never above the policy's. */
  readonly limits: Partial<Limits>
  readonly askedAt: Date
  readonly purpose: Purpose
  /** Rows the tenant may still have today; absent: any number. */
  readonly rowsLeft?: number
}

const dayMs = 86_400_000
let spelled = { days: Number.NaN, text: '' }

/** The day a question belongs to, as YYYY-MM-DD in UTC. Every question asks for it, so it is spelled once a day. */
export function utcDay(now: Date): string {
  const days = Math.floor(now.getTime() / dayMs)
  if (spelled.days !== days) spelled = { days, text: now.toISOString().slice(0, 10) }
  return spelled.text
}
