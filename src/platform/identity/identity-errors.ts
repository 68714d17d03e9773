import { ShellError } from '../../domain/index.ts'

export function notSignedIn(): ShellError {
  return new ShellError({
    code: 'identity.not-signed-in',
    kind: 'denied',
    message: 'This needs a token or a session.',
    hint: 'Send `Authorization: Bearer ais_…`; `aishell login` or `aishell tokens create` makes one.',
  })
}

export function tokenUnknown(): ShellError {
  return new ShellError({
    code: 'identity.token-unknown',
    kind: 'denied',
    message: 'This token is not known here.',
    hint: 'Check that it was copied whole and belongs to this server.',
  })
}

export function tokenRevoked(): ShellError {
  return new ShellError({ code: 'identity.token-revoked', kind: 'denied', message: 'This token was revoked.', hint: 'Make another one.' })
}

export function tokenExpired(): ShellError {
  return new ShellError({ code: 'identity.token-expired', kind: 'denied', message: 'This token has expired.', hint: 'Make another one.' })
}

export function memberDisabled(): ShellError {
  return new ShellError({
    code: 'identity.member-disabled',
    kind: 'denied',
    message: 'This member was disabled.',
    hint: 'Ask an admin of your tenant.',
  })
}

export function sessionEnded(): ShellError {
  return new ShellError({
    code: 'identity.session-ended',
    kind: 'denied',
    message: 'This session has ended.',
    hint: 'Sign in again.',
  })
}

export function noSession(): ShellError {
  return new ShellError({
    code: 'identity.no-session',
    kind: 'denied',
    message: 'Access tokens are made from a session, and this was asked with a token.',
    hint: 'A token can be sent as it is.',
  })
}

export function noSuchToken(): ShellError {
  return new ShellError({ code: 'identity.no-such-token', kind: 'missing', message: 'There is no such token among those you may revoke.' })
}

export function tokensDenied(): ShellError {
  return new ShellError({
    code: 'identity.denied',
    kind: 'denied',
    message: 'This credential may not manage tokens.',
    hint: 'Sign in with one that may, or ask an admin.',
  })
}

/** An answer ends with this when its asker's credential was revoked meanwhile. */
export function revokedMeanwhile(): ShellError {
  return new ShellError({
    code: 'identity.revoked',
    kind: 'denied',
    message: 'The credential this was asked with was revoked, or its member disabled, so the answer was ended.',
    hint: 'Sign in again.',
  })
}
