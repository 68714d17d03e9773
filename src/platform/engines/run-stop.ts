import { ShellError } from '../../domain/index.ts'

/** Why we stopped a statement ourselves. `left`: the reader went away and nobody is to be told. */
export type StopReason = 'timeout' | 'cancelled' | 'left' | 'row-too-large'

/** The engine's own timeout comes first; the outer clock only strikes where that was tampered with. */
export const clockMarginMs = 250
/** From asking a statement to stop until its session is torn down. */
export const stopPatienceMs = 1_500

export interface RunWatchOptions {
  readonly signal: AbortSignal
  readonly timeoutMs: number
  readonly stop: (reason: 'timeout' | 'cancelled') => void
}

/** Calls `stop` when the time is over or the signal fires; the function it gives ends the watch. */
export function watchRun(options: RunWatchOptions): () => void {
  const onAbort = (): void => options.stop('cancelled')
  const timer = setTimeout(() => options.stop('timeout'), options.timeoutMs)
  options.signal.addEventListener('abort', onAbort, { once: true })
  return () => {
    clearTimeout(timer)
    options.signal.removeEventListener('abort', onAbort)
  }
}

/** What the asker is told of a statement that was stopped. */
export function stopError(reason: StopReason, timeoutMs: number): ShellError {
  switch (reason) {
    case 'timeout':
      return new ShellError({
        code: 'run.timeout',
        kind: 'failed',
        message: `The statement was stopped after its time limit of ${timeoutMs} ms.`,
        hint: 'Ask for less (a filter, a shorter period), or for a higher limit.',
      })
    case 'row-too-large':
      return new ShellError({
        code: 'run.row-too-large',
        kind: 'invalid',
        message: 'One row is larger than the byte limit of the statement, so it was stopped.',
        hint: 'Select fewer or shorter columns, or ask for a higher limit.',
      })
    case 'cancelled':
    case 'left':
      return new ShellError({ code: 'run.cancelled', kind: 'failed', message: 'The statement was cancelled.' })
  }
}
