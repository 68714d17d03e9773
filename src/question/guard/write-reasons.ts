import type { PlannedWrite, Reason, Span, WriteEffect } from '../../domain/index.ts'

const doing = { insert: 'add rows to', update: 'change rows of', delete: 'delete rows of' } as const

/** The same for a table without a rule and for one whose rules say no. */
export function notWritable(write: PlannedWrite, span: Span): Reason {
  return {
    code: 'guard.write-not-allowed',
    message: `The policy of this connection does not let your role ${doing[write.verb]} ${write.table}.`,
    span,
    hint: 'Write to a table the policy opens, or ask an editor to open this one.',
  }
}

export function columnsNotWritable(write: PlannedWrite, columns: readonly string[], span: Span): Reason {
  return {
    code: 'guard.column-not-writable',
    message: `The policy of this connection does not let your role set ${columns.join(', ')} of ${write.table}.`,
    span,
    hint: 'Leave these columns out; an INSERT without a list of columns sets all of them.',
  }
}

export function notATable(write: PlannedWrite, span: Span): Reason {
  return {
    code: 'guard.write-target',
    message: `${write.table} is no table, and what a write to it changes is not certain.`,
    span,
    hint: 'Write to the table itself.',
  }
}

export function wholeTable({ table, verb }: PlannedWrite, span: Span, isRefused: boolean): Reason {
  return {
    code: 'guard.whole-table',
    message: `This would ${verb} every row of ${table}: there is no condition that names a column.`,
    span,
    hint: isRefused
      ? 'Add a WHERE; a policy may also leave whole tables to the person who approves.'
      : 'Make sure that every row is meant.',
  }
}

export function sideEffect(write: PlannedWrite, effect: WriteEffect, span: Span, isRefused: boolean): Reason {
  const runs =
    effect.calls === null
      ? `sets off ${phrases[effect.kind]} ${effect.name}`
      : `runs ${effect.calls} by ${phrases[effect.kind]} ${effect.name}`
  return {
    code: 'guard.side-effect',
    message: `Writing to ${write.table} ${runs}, which may do more than the statement says.`,
    span,
    hint: isRefused
      ? 'An editor can mark the function as safe in the policy, or let side effects be told instead.'
      : 'Know what it does before you approve.',
  }
}

const phrases: Readonly<Record<WriteEffect['kind'], string>> = {
  trigger: 'the trigger',
  rule: 'the rule',
  default: 'the default of',
  check: 'the check',
  cascade: 'the key',
}

export function cascade(write: PlannedWrite, reaches: string, span: Span): Reason {
  return {
    code: 'guard.cascade',
    message: `Rows of ${reaches} that refer to these rows of ${write.table} are changed or deleted with them.`,
    span,
    hint: 'Count them before you approve.',
  }
}

export function cascadeNotAllowed(write: PlannedWrite, span: Span): Reason {
  return {
    code: 'guard.cascade-not-allowed',
    message: `Rows of other tables go with rows of ${write.table}, and the policy does not let your role write to all of those.`,
    span,
    hint: 'Ask somebody who may.',
  }
}

export function effectsUnknown(write: PlannedWrite, span: Span): Reason {
  return {
    code: 'guard.effects-unknown',
    message: `What writing to ${write.table} sets off is not known.`,
    span,
    hint: 'Read the catalog anew.',
  }
}

export function effectsHidden(write: PlannedWrite, span: Span): Reason {
  return {
    code: 'guard.effects-hidden',
    message: `Writing to ${write.table} may set off more than is known: the connection’s database user may not see every trigger.`,
    span,
    hint: 'MySQL and MariaDB show all triggers to a user with TRIGGER ON *.* only. Look at those of the table yourself.',
  }
}

export function locksRows(span: Span): Reason {
  return {
    code: 'guard.locks-rows',
    message: 'This locks rows, and the lock would end with the statement.',
    span,
    hint: 'Leave FOR UPDATE or FOR SHARE out.',
  }
}
