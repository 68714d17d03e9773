import { ShellError } from './shell-error.ts'

const seal: unique symbol = Symbol('granted')
const granted = new WeakSet<object>()

export interface GrantFields {
  readonly approvalId: string
  /** Digest of what was approved, as the guard made it. */
  readonly hash: string
}

/** Another person's consent to one statement, for one execution. */
export interface GrantedApproval extends GrantFields {
  readonly [seal]: true
}

/** Only `question/approve` may import this; `scripts/check-rooms.ts` enforces it. */
export function grantApproval(fields: GrantFields): GrantedApproval {
  const approval: GrantedApproval = Object.freeze({ ...fields, [seal]: true as const })
  granted.add(approval)
  return approval
}

/** Throws unless the very object came from `grantApproval`. */
export function assertGranted(approval: GrantedApproval): void {
  if (granted.has(approval)) return
  throw new ShellError({ code: 'guard.approval-forged', kind: 'denied', message: 'This approval was not given by anybody.' })
}
