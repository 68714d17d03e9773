import type { Overlay } from './masking/overlay.ts'
import type { Limits } from './limits.ts'
import type { Param } from './question.ts'
import type { StatementClass } from './statement-class.ts'
import { ShellError } from './shell-error.ts'

const seal: unique symbol = Symbol('approved')
const sealed = new WeakSet<object>()
const none: readonly Param[] = Object.freeze([])

export interface ApprovedFields {
  /** The text that will run, exactly as judged. */
  readonly sql: string
  readonly params: readonly Param[]
  /** true: masks are part of the text, and the asker wrote another one. */
  readonly isSpliced?: boolean
  /** Masks laid over the text, where they are no part of it. */
  readonly overlay?: Overlay | null
  readonly class: StatementClass
  /** `dry-run`: may be run only to be rolled back. */
  readonly access: 'read' | 'dry-run' | 'write'
  readonly connectionId: string
  readonly catalogVersion: string
  readonly policyVersion: string
  readonly limits: Limits
}

/** A statement the guard has let through. Runners and engines accept nothing else. */
export interface ApprovedStatement extends ApprovedFields {
  readonly [seal]: true
}

/** Makes a seal. Only `question/guard` may import this; `scripts/check-rooms.ts` enforces it. */
export function sealStatement(fields: ApprovedFields): ApprovedStatement {
  const statement: ApprovedStatement = Object.freeze({
    ...fields,
    params: fields.params.length === 0 ? none : Object.freeze([...fields.params]),
    limits: Object.freeze({ ...fields.limits }),
    [seal]: true as const,
  })
  sealed.add(statement)
  return statement
}

/** Throws unless the very object came from `sealStatement`: a cast, a copy or parsed JSON does not pass. */
export function assertSealed(statement: ApprovedStatement): void {
  if (sealed.has(statement)) return
  throw new ShellError({
    code: 'run.unsealed',
    kind: 'denied',
    message: 'This statement was not approved by the guard, so it was not run.',
  })
}
