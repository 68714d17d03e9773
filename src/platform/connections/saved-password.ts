import { ShellError, type Scope } from '../../domain/index.ts'
import type { ConnectionBody, ConnectionInput } from '../../contract/index.ts'
import type { Keyring } from '../store/index.ts'

export interface SealedPassword {
  readonly sealed: Buffer | null
  /** Part of what the seal is bound to; grows with each new password. */
  readonly version: number
}

/** One of a connection's database users, and where it signs in. */
export interface SignIn {
  readonly host: string
  readonly port: number
  readonly sslmode: string
  readonly user: string
  readonly password?: string | undefined
  readonly passwordFrom?: string | undefined
}

/** Whose password it is; part of what the seal is bound to. */
export type PasswordField = 'password' | 'writer-password'

interface Subject {
  readonly connectionId: string
  readonly field: PasswordField
  /** null: there is no such user. */
  readonly next: SignIn | null
  readonly before: { readonly signIn: SignIn | null; readonly password: SealedPassword } | null
}

/**
 * The sealed password to save. Without a new one the old is kept, but only for the same server, user and
 * encryption: else whoever may edit a connection could have its password sent to a host of their own.
 */
export async function passwordFor(keyring: Keyring, scope: Scope, { connectionId, field, next, before }: Subject): Promise<SealedPassword> {
  const version = (before?.password.version ?? 0) + 1
  if (next === null) return before?.password.sealed == null ? { sealed: null, version: version - 1 } : { sealed: null, version }
  const { password, passwordFrom } = next
  if (passwordFrom !== undefined) {
    if (password !== undefined) throw twoPasswords()
    return { sealed: null, version }
  }
  if (password === undefined) return before === null ? { sealed: null, version } : keptPassword(next, before)
  if (password === '') return { sealed: null, version }
  const sealed = await keyring.seal(scope, { connectionId, field, version }, password)
  return { sealed: Buffer.from(sealed), version }
}

/** The user that reads; null: a file has none. */
export function readerOf({ target }: ConnectionInput | ConnectionBody): SignIn | null {
  return target === null || 'file' in target ? null : target
}

/** The user that writes, if another than the one that reads. Left out of a change it is the one there was. */
export function writerOf({ target }: ConnectionInput | ConnectionBody, before: ConnectionBody | null): SignIn | null {
  if (target === null || 'file' in target) return null
  const old = before?.target
  const kept = old != null && 'writer' in old && old.writer !== undefined ? { user: old.writer.user } : null
  const writer = target.writer === undefined ? kept : target.writer
  const { host, port, sslmode } = target
  return writer === null ? null : { host, port, sslmode, ...writer }
}

/** The reference to save: the one given, or the old one where neither it nor a password is. */
export function referenceFor(next: SignIn | null, before: SignIn | null): string | undefined {
  if (next === null) return undefined
  const { password, passwordFrom } = next
  return passwordFrom !== undefined || password !== undefined ? passwordFrom : before?.passwordFrom
}

function twoPasswords(): ShellError {
  return new ShellError({
    code: 'connections.two-passwords',
    kind: 'invalid',
    message: 'A database user has a password or names where it is, not both.',
    hint: 'Leave out `password` or `passwordFrom`.',
  })
}

function keptPassword(next: SignIn, { signIn: old, password }: NonNullable<Subject['before']>): SealedPassword {
  const { host, port, user, sslmode } = next
  const isSamePlace = old !== null && old.host === host && old.port === port && old.user === user && old.sslmode === sslmode
  if (password.sealed === null || isSamePlace) return password
  throw new ShellError({
    code: 'connections.password-needed',
    kind: 'invalid',
    message: `Host, port, user or sslmode changed, so the saved password of ${old?.user ?? user} is not used for it.`,
    hint: 'Send the password again together with the change.',
  })
}
