import { mayDo, ShellError, type Actor } from '../../domain/index.ts'

export function requireManager(actor: Actor): void {
  if (mayDo(actor, 'manage-members')) return
  throw new ShellError({
    code: 'tenancy.denied',
    kind: 'denied',
    message: 'Your role or token does not let you manage members, roles and groups.',
    hint: 'Ask an admin of your tenant.',
  })
}

export function memberUnknown(): ShellError {
  return new ShellError({
    code: 'tenancy.member-unknown',
    kind: 'missing',
    message: 'There is no such member, or the member was disabled.',
    hint: '`aishell admin members` lists them.',
  })
}

export function roleUnknown(name: string): ShellError {
  return new ShellError({
    code: 'tenancy.role-unknown',
    kind: 'missing',
    message: `There is no role ${name}.`,
    hint: '`aishell admin roles` lists them.',
  })
}

export function groupUnknown(name: string): ShellError {
  return new ShellError({
    code: 'tenancy.group-unknown',
    kind: 'missing',
    message: `There is no group ${name}.`,
    hint: '`aishell admin groups` lists them.',
  })
}

export function nameTaken(name: string): ShellError {
  return new ShellError({
    code: 'tenancy.name-taken',
    kind: 'conflict',
    message: `There is a member called ${name} already.`,
    hint: 'Choose another name.',
  })
}

export function lastAdmin(): ShellError {
  return new ShellError({
    code: 'tenancy.last-admin',
    kind: 'conflict',
    message: 'This is the last admin: without one nobody could manage the tenant.',
    hint: 'Make somebody else an admin first.',
  })
}

export function lastOperator(): ShellError {
  return new ShellError({
    code: 'tenancy.last-operator',
    kind: 'conflict',
    message: 'This is the last operator: without one nobody could keep tenants.',
    hint: 'Add another one first: `aishell admin operators add NAME`.',
  })
}

export function notConfirmed(): ShellError {
  return new ShellError({
    code: 'tenancy.not-confirmed',
    kind: 'invalid',
    message: '`confirm` is not the name of this member, so nothing was erased.',
    hint: 'Give the member’s name as `aishell admin members` shows it.',
  })
}

export function tooMuch(): ShellError {
  return new ShellError({
    code: 'tenancy.too-much',
    kind: 'denied',
    message: 'This would give, or act upon, more rights than you hold yourself.',
    hint: 'Let an admin do it.',
  })
}
