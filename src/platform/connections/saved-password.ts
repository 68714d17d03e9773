import { ShellError, type Scope } from '../../domain/index.ts'
import type { ConnectionBody, ConnectionInput, ServerConnectionInput } from '../../contract/index.ts'
import type { Keyring } from '../store/index.ts'

export interface SealedPassword {
  readonly sealed: Buffer | null
  /** Part of what the seal is bound to; grows with each new password. */
  readonly version: number
}

interface Before {
  readonly body: ConnectionBody
  readonly password: SealedPassword
}

/**
 * The sealed password to save with `input`. Without a new one the old is kept, but only for the same server, user and
 * encryption: else whoever may edit a connection could have its password sent to a host of their own.
 */
export async function passwordFor(
  keyring: Keyring,
  scope: Scope,
  connectionId: string,
  input: ConnectionInput,
  before: Before | null,
): Promise<SealedPassword> {
  const version = before === null ? 1 : before.password.version
  if (input.engine === 'sqlite') return { sealed: null, version }
  const { password, passwordFrom } = input.target
  if (passwordFrom !== undefined) {
    if (password !== undefined) throw twoPasswords()
    return { sealed: null, version: version + 1 }
  }
  if (password === undefined) return before === null ? { sealed: null, version } : keptPassword(input, before)
  const next = before === null ? 1 : version + 1
  if (password === '') return { sealed: null, version: next }
  const sealed = await keyring.seal(scope, { connectionId, field: 'password', version: next }, password)
  return { sealed: Buffer.from(sealed), version: next }
}

/** The reference to save: the one given, or the old one where neither it nor a password is. */
export function referenceFor(input: ConnectionInput, before: ConnectionBody | null): string | undefined {
  if (input.engine === 'sqlite') return undefined
  const { password, passwordFrom } = input.target
  if (passwordFrom !== undefined || password !== undefined) return passwordFrom
  const old = before?.target
  return old !== null && old !== undefined && 'passwordFrom' in old ? old.passwordFrom : undefined
}

function twoPasswords(): ShellError {
  return new ShellError({
    code: 'connections.two-passwords',
    kind: 'invalid',
    message: 'A connection has a password or names where it is, not both.',
    hint: 'Leave out `password` or `passwordFrom`.',
  })
}

function keptPassword(input: ServerConnectionInput, before: Before): SealedPassword {
  const old = before.body.target
  const { host, port, user, sslmode } = input.target
  const isSamePlace =
    old !== null && 'host' in old && old.host === host && old.port === port && old.user === user && old.sslmode === sslmode
  if (before.password.sealed === null || isSamePlace) return before.password
  throw new ShellError({
    code: 'connections.password-needed',
    kind: 'invalid',
    message: 'Host, port, user or sslmode changed, so the saved password is not used for it.',
    hint: 'Send the password again together with the change.',
  })
}
