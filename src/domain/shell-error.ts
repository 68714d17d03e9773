/** What sort of trouble it is; every surface has one table from kind to its own language (status, exit code). */
export const errorKinds = ['invalid', 'denied', 'missing', 'conflict', 'busy', 'failed'] as const
export type ErrorKind = (typeof errorKinds)[number]

export interface ShellErrorFields {
  /** `<room>.<reason>`, stable, e.g. `connections.unknown`. */
  readonly code: string
  readonly kind: ErrorKind
  /** What happened and why, for people; never a secret, never a row value. */
  readonly message: string
  /** What to do next. */
  readonly hint?: string
  /** Seconds after which to try again, where that is known. */
  readonly retryAfterS?: number
  /** For the operator's log only; never shown to the asker. */
  readonly cause?: unknown
}

/** The one error class. Anything else that is thrown is shown as `internal`. */
export class ShellError extends Error {
  readonly code: string
  readonly kind: ErrorKind
  readonly hint: string | undefined
  readonly retryAfterS: number | undefined

  constructor(fields: ShellErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause })
    this.name = 'ShellError'
    this.code = fields.code
    this.kind = fields.kind
    this.hint = fields.hint
    this.retryAfterS = fields.retryAfterS
  }
}

export function isShellError(error: unknown): error is ShellError {
  return error instanceof ShellError
}
