import { ShellError, type Scope, type Secret } from '../../domain/index.ts'

/** The secret a connection refers to, for a sign-in at this host. Throws `connections.password-reference`. */
export type PasswordSource = (scope: Scope, reference: string, host: string) => Promise<Secret>

/** Where the operator allows none. */
export const noPasswordSource: PasswordSource = async (_scope, reference) => {
  throw refusedReference(reference)
}

/** The same words for what is not allowed, not there and not readable. */
export function refusedReference(reference: string): ShellError {
  return new ShellError({
    code: 'connections.password-reference',
    kind: 'denied',
    message: `The password at ${reference} cannot be used for this connection.`,
    hint: 'The operator allows references, by tenant and host, with CONNECTION_SECRET_SOURCES; what is allowed must be there and readable.',
  })
}
