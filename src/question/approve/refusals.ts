import { ShellError } from '../../domain/index.ts'
import type { ApprovalBody } from '../../contract/index.ts'

/** The same for what is not there and for what is not for this actor. */
export function unknownApproval(): ShellError {
  return new ShellError({
    code: 'approvals.unknown',
    kind: 'missing',
    message: 'There is no such approval request, or it is not for you.',
    hint: '`aishell approvals` lists those you may see.',
  })
}

export function alreadyDecided({ state, decidedBy }: ApprovalBody): ShellError {
  const by = decidedBy === null ? '' : ` by ${decidedBy.name}`
  const what = state === 'expired' ? 'This request has expired.' : `This request is ${state} already${by}.`
  return new ShellError({
    code: 'approvals.decided',
    kind: 'conflict',
    message: what,
    hint: 'Look at it again; a new request is made by asking again.',
  })
}

export function ownRequest(): ShellError {
  return new ShellError({
    code: 'approvals.own-request',
    kind: 'denied',
    message: 'Nobody approves what they have asked for themselves, whatever token they use.',
    hint: 'Ask another person with the right to approve.',
  })
}

export function notAPerson(): ShellError {
  return new ShellError({
    code: 'approvals.not-a-person',
    kind: 'denied',
    message: 'Agents and services may ask for an approval, and never give one.',
    hint: 'A person approves, signed in as themselves.',
  })
}

export function notYours(): ShellError {
  return new ShellError({
    code: 'approvals.not-yours',
    kind: 'denied',
    message: 'Only who has made a request may cancel it.',
    hint: 'Reject it instead.',
  })
}

export function tooMany(most: number): ShellError {
  return new ShellError({
    code: 'approvals.too-many',
    kind: 'busy',
    message: `${most} requests of yours wait for a decision already.`,
    hint: 'Cancel some, or have them decided.',
  })
}

export function lostClaim(): ShellError {
  return new ShellError({
    code: 'approvals.lost-claim',
    kind: 'conflict',
    message: 'This execution took so long to be heard of that it was given up; nothing was changed.',
    hint: 'Ask again.',
  })
}
