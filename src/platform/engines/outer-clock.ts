import { ShellError } from '../../domain/index.ts'

export function timedOut(timeoutMs: number): ShellError {
  return new ShellError({
    code: 'run.timeout',
    kind: 'failed',
    message: `The statement was stopped after ${timeoutMs / 1000} s, its time limit.`,
    hint: 'Ask for less (a filter, fewer tables), or for more time within what the policy allows.',
  })
}

/** A single row above the byte limit is stopped on its way: it would have to be held whole. */
export function rowTooLarge(): ShellError {
  return new ShellError({
    code: 'run.row-too-large',
    kind: 'invalid',
    message: 'One row is larger than the byte limit of the statement, so it was stopped.',
    hint: 'Select fewer or shorter columns, or ask for a higher limit.',
  })
}

export function cancelled(): ShellError {
  return new ShellError({ code: 'run.cancelled', kind: 'failed', message: 'The statement was cancelled.' })
}

/** The connection broke between COMMIT and its answer: it may or may not have happened, and must not be tried again blindly. */
export function outcomeUnknown(): ShellError {
  return new ShellError({
    code: 'run.outcome-unknown',
    kind: 'failed',
    message: 'The connection was lost while the change was being committed, so it is not known whether it happened.',
    hint: 'Look at the data before you try again.',
  })
}

export function readsOnly(): ShellError {
  return new ShellError({
    code: 'engines.read-only',
    kind: 'denied',
    message: 'This database session was lent for reading only, and the statement was approved as a write.',
  })
}

/** What was approved to be read, or for a dry run, never runs where it could be committed. */
export function writesOnly(): ShellError {
  return new ShellError({
    code: 'engines.write-only',
    kind: 'denied',
    message: 'This database session was lent for one write, and the statement is not approved to be written.',
  })
}

/** The engine's own time-out can be switched off from inside a statement; this clock cannot. */
const engineGraceMs = 500

/**
 * Watches one statement: calls `stop` once, when its time is over or its asker has left.
 * `reason()` is then the error to show; `end()` must be called when the statement is over.
 */
export class OuterClock {
  readonly #signal: AbortSignal
  readonly #timer: NodeJS.Timeout
  readonly #onAbort: () => void
  #reason: ShellError | null = null

  constructor(signal: AbortSignal, timeoutMs: number, stop: () => void, graceMs = engineGraceMs) {
    this.#signal = signal
    const fire = (reason: ShellError): void => {
      if (this.#reason !== null) return
      this.#reason = reason
      stop()
    }
    this.#timer = setTimeout(() => fire(timedOut(timeoutMs)), timeoutMs + graceMs)
    this.#onAbort = () => fire(cancelled())
    signal.addEventListener('abort', this.#onAbort, { once: true })
    if (signal.aborted) fire(cancelled())
  }

  get reason(): ShellError | null {
    return this.#reason
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#signal.removeEventListener('abort', this.#onAbort)
  }
}
