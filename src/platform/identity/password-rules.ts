import { ShellError } from '../../domain/index.ts'

export const minPasswordLength = 12
export const maxPasswordLength = 128

/** How many guesses a password must be worth: 10^10, what the estimator calls `very unlikely to be guessed`. */
const minScore = 3

/**
 * Refuses short passwords and those a guesser would come to soon: common ones, words of the house and of the member, keyboard
 * walks, dates, repetitions (NIST SP 800-63B §3.1.1.2). No rules of composition. Needs no network. Throws `identity.weak-password`.
 */
export async function checkPassword(password: string, context: readonly string[]): Promise<void> {
  const text = password.normalize('NFKC')
  const length = Array.from(text).length
  if (length < minPasswordLength) throw weak(`A password needs at least ${minPasswordLength} characters.`)
  if (length > maxPasswordLength) throw weak(`A password has at most ${maxPasswordLength} characters.`)
  const { passwordEstimator } = await import('./password-estimator.ts') // loaded when the first password is set
  const words = [...context.flatMap(wordsOf), 'aishell', 'ai-shell', 'harbor', 'database']
  const { score, feedback } = await passwordEstimator.checkAsync(text, words)
  if (score < minScore) throw weak(`This password would be guessed soon. ${feedback.warning ?? ''}`.trim())
}

function wordsOf(text: string): readonly string[] {
  return [text, ...text.split(/[^\p{L}\p{N}]+/u)].filter((word) => word.length > 2)
}

function weak(message: string): ShellError {
  return new ShellError({
    code: 'identity.weak-password',
    kind: 'invalid',
    message,
    hint: 'Four or five unrelated words make a good one; a password manager makes a better one.',
  })
}
