import type { ErrorKind, Outcome } from '../../domain/index.ts'

const byKind: Readonly<{ [Kind in ErrorKind]: number }> = {
  invalid: 400,
  denied: 403,
  missing: 404,
  conflict: 409,
  busy: 429,
  failed: 500,
}

/** Where HTTP has a closer word than the kind's. */
const byCode: Readonly<{ [code: string]: number }> = {
  'http.body-too-large': 413,
  'http.header-too-large': 431,
  'http.media-type': 415,
  'http.method-not-allowed': 405,
  'http.not-acceptable': 406,
  'http.request-timeout': 408,
  'http.stopping': 503,
  'http.uri-too-long': 414,
  'identity.member-disabled': 401,
  'identity.provider-unreachable': 502,
  'identity.session-ended': 401,
  'identity.wrong-password': 401,
  'identity.not-signed-in': 401,
  'identity.token-expired': 401,
  'identity.token-revoked': 401,
  'identity.token-unknown': 401,
  'record.unavailable': 503,
  'run.timeout': 422, // a limit of the asker's or the policy's, not a fault behind us
  'store.behind': 503,
  'store.unreachable': 503,
}

/**
 * Rooms whose failures are those of a server behind this one. A customer's database or model that is away is no fault of ours: proxies take
 * a server that says 502 or 504 out of service, and alerts count them, so one broken connection would look like a broken installation.
 */
const byRoom: Readonly<{ [room: string]: number }> = { engines: 424, models: 424, store: 503 }

/** The one table from errors to HTTP status (RFC 9110 §15, RFC 4918 §11.4). */
export function statusOf(error: { readonly code: string; readonly kind: ErrorKind }): number {
  const exact = byCode[error.code]
  if (exact !== undefined) return exact
  const room = error.code.slice(0, error.code.indexOf('.'))
  return (error.kind === 'failed' ? byRoom[room] : undefined) ?? byKind[error.kind]
}

/** For files (CSV, NDJSON), which can only carry rows: the status of an answer that ended without any. */
export const statusOfOutcome: Readonly<{ [Name in Exclude<Outcome, 'answered' | 'failed'>]: number }> = {
  drafted: 422,
  refused: 403,
  'needs-approval': 409,
  'needs-clarification': 422,
  abstained: 422,
  abandoned: 409,
}

/** Phrases of RFC 9110 and 6585 for the statuses this server uses; a problem's title. */
export const titles: Readonly<{ [status: number]: string }> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  424: 'Failed Dependency',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
}
