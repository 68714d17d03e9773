import type { Reason, Span } from '../../domain/index.ts'

export const frozen: Reason = {
  code: 'guard.frozen',
  message: 'This connection is frozen: nothing runs on it.',
  hint: 'An editor can thaw it in its policy.',
}

export const classReasons = {
  write: {
    code: 'guard.write-denied',
    message: 'This changes data, which the policy of this connection does not let your role do.',
    hint: 'Ask a question that only reads.',
  },
  ddl: {
    code: 'guard.ddl-denied',
    message: 'This changes the structure of the database, which AI-Shell never does.',
    hint: 'Ask whoever looks after the database.',
  },
  admin: {
    code: 'guard.admin-denied',
    message: 'This steers the server or the session, which AI-Shell never does.',
    hint: 'Ask whoever looks after the database.',
  },
  unknown: {
    code: 'guard.unknown-effect',
    message: 'What this statement does cannot be told from its text, so it is refused.',
    hint: 'Write it as a plain SELECT.',
  },
} as const

export const writeNeedsApproval: Reason = {
  code: 'guard.write-needs-approval',
  message: 'This changes data: another person must approve it.',
  hint: 'Have it run: a request is made, and somebody else approves it.',
}

/** A denied name and a name that does not exist look alike: a refusal must not tell what there is. */
export function notAvailable(kind: 'table' | 'column', name: string, span: Span, near: string | null): Reason {
  return {
    code: `guard.${kind}-not-available`,
    message: `There is no ${kind} “${name}” here, or you may not read it.`,
    span,
    hint: near === null ? `Look at what there is with \\d, or browse the catalog.` : `Did you mean “${near}”?`,
  }
}

export function starNotAvailable(span: Span): Reason {
  return {
    code: 'guard.star-not-available',
    message: 'This takes in every column of a table, and you may not read all of them.',
    span,
    hint: 'Name the columns you need.',
  }
}

export function unsafeView(name: string, span: Span): Reason {
  return {
    code: 'guard.view-unsafe',
    message: `The view ${name} calls functions that a read may not call, or its text cannot be read.`,
    span,
    hint: 'An admin can mark the functions it calls as safe in the policy.',
  }
}

export function columnsUnknown(name: string, span: Span): Reason {
  return {
    code: 'guard.columns-unknown',
    message: `A rule covers columns of ${name}, and without a catalog it cannot be told which ones this takes in.`,
    span,
    hint: 'Judge it with the catalog of the connection.',
  }
}

export function explainHidden(name: string, span: Span): Reason {
  return {
    code: 'guard.explain-hidden',
    message: `The view ${name} stands on what you may not read; the plan of a statement over it would tell of that.`,
    span,
    hint: 'Run the statement itself.',
  }
}
