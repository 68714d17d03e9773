import { createHash } from 'node:crypto'
import { z } from 'zod'
import { isShellError, ShellError, type Draft, type ModelUse } from '../../../domain/index.ts'
import type { ModelAnswer, Models } from '../../../platform/models/index.ts'
import type { AskContext } from '../ask.ts'
import { modelPrompt } from './prompt.ts'

const line = z.string().trim().max(2_000)
const answerShape = z.object({
  kind: z.enum(['drafted', 'abstained', 'clarify']),
  sql: z.string().max(50_000).optional(),
  explanation: line.optional(),
  assumptions: z.array(line).max(10).optional(),
  reason: line.optional(),
  prompt: line.optional(),
  choices: z.array(line).max(6).optional(),
})

const answerSchema = z.toJSONSchema(
  answerShape.required().partial({ sql: true, explanation: true, assumptions: true, reason: true, prompt: true, choices: true }),
)

/** Throws what the models throw, and `models.invalid-answer` for an object that is no draft. */
export async function draftByModel(
  text: string,
  context: AskContext & { readonly models: Models },
  maxPromptTokens: number,
): Promise<Draft> {
  const { system, user } = modelPrompt(text, context, maxPromptTokens)
  const answer = await context.models.complete({ system, user, answerSchema, maxOutputTokens: 2_000 }, context.signal)
  const modelUse: ModelUse = {
    provider: answer.provider,
    model: answer.model,
    promptHash: createHash('sha256').update(system).update('\0').update(user).digest('hex'),
    inputTokens: answer.inputTokens,
    outputTokens: answer.outputTokens,
  }
  return { ...readDraft(answer), modelUse }
}

function readDraft(answer: ModelAnswer): Draft {
  const parsed = answerShape.safeParse(answer.value)
  const drafter = 'model'
  if (parsed.success) {
    const { kind, sql, explanation, assumptions, reason, prompt, choices } = parsed.data
    if (kind === 'drafted' && sql !== undefined && sql.trim() !== '') {
      return { kind, drafter, sql: sql.trim(), params: [], explanation: explanation ?? '', assumptions: assumptions ?? [] }
    }
    if (kind === 'abstained') return { kind, drafter, reason: reason ?? explanation ?? 'The model finds no answer in this database.' }
    if (kind === 'clarify' && choices !== undefined && choices.length > 0)
      return { kind, drafter, prompt: prompt ?? 'Which of these do you mean?', choices }
  }
  throw new ShellError({
    code: 'models.invalid-answer',
    kind: 'failed',
    message: 'The language model’s answer is no draft.',
    hint: 'Ask again, more simply, or in SQL.',
  })
}

/** Errors that say nothing about the question: another drafter may try it. */
export function mayFallBack(error: unknown): boolean {
  return isShellError(error) && /^models\.(timeout|unavailable|rate-limited|over-budget|credentials-refused)$/.test(error.code)
}
