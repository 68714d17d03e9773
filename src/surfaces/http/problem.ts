import { isShellError, ShellError } from '../../domain/index.ts'
import type { Problem } from '../../contract/index.ts'
import { RequestInvalid } from './request-invalid.ts'
import { statusOf, titles } from './status.ts'

export const problemType = 'application/problem+json; charset=utf-8'

/** What HTTP itself refuses before any room is asked, by the framework's code. */
const frameworkErrors: Readonly<{ [code: string]: ConstructorParameters<typeof ShellError>[0] }> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    code: 'http.body-too-large',
    kind: 'invalid',
    message: 'The request body is larger than this server takes.',
    hint: 'Send a shorter question or statement.',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'http.media-type',
    kind: 'invalid',
    message: 'The request body is of a media type this route does not read.',
    hint: 'Send JSON with `content-type: application/json`.',
  },
  FST_ERR_CTP_EMPTY_JSON_BODY: {
    code: 'http.malformed-json',
    kind: 'invalid',
    message: 'The request says it carries JSON, but its body is empty.',
    hint: 'Send a JSON object, or leave out `content-type`.',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'http.malformed',
    kind: 'invalid',
    message: 'The request body is not as long as its `content-length` says.',
  },
  FST_ERR_BAD_URL: {
    code: 'http.malformed',
    kind: 'invalid',
    message: 'The path of the request is not a valid URL path.',
    hint: 'Percent-encode what is not a letter, a digit or one of - . _ ~',
  },
  FST_ERR_ASYNC_CONSTRAINT: { code: 'http.malformed', kind: 'invalid', message: 'The request could not be routed.' },
  FST_ERR_MAX_PARAM_LENGTH: { code: 'http.uri-too-long', kind: 'invalid', message: 'A part of the path is too long.' },
}

/** Anything thrown, in the words of this surface; null: a fault of our own, of which the asker learns only an id. */
export function knownError(error: unknown): ShellError | null {
  if (isShellError(error)) return error
  if (error instanceof RequestInvalid)
    return new ShellError({
      code: 'http.invalid',
      kind: 'invalid',
      message: error.message,
      hint: 'See `errors`, and /docs for the contract.',
    })
  if (!(error instanceof Error)) return null
  const known = 'code' in error && typeof error.code === 'string' ? frameworkErrors[error.code] : undefined
  if (known !== undefined) return new ShellError(known)
  if ('statusCode' in error && error.statusCode === 400)
    return new ShellError({ code: 'http.malformed-json', kind: 'invalid', message: 'The request body is not valid JSON.' })
  return null
}

/** An RFC 9457 problem document for anything thrown; never shows a cause. */
export function problemOf(error: unknown, requestId: string): Problem {
  const known = knownError(error)
  if (known === null)
    return problem(500, {
      code: 'internal',
      message: 'Internal error. The operator finds the cause in the log under this id.',
      hint: `Name the id ${requestId} to whoever runs this server.`,
      instance: requestId,
    })
  const errors = error instanceof RequestInvalid ? { errors: error.errors } : {}
  return { ...problem(statusOf(known), { code: known.code, message: known.message, hint: known.hint, instance: requestId }), ...errors }
}

/** For what is not an error but ends without rows where only rows fit. */
export function problem(
  status: number,
  fields: { readonly code: string; readonly message: string; readonly hint?: string | undefined; readonly instance: string },
): Problem {
  return {
    type: fields.code === 'internal' ? 'about:blank' : `urn:aishell:problem:${fields.code}`,
    title: titles[status] ?? 'Error',
    status,
    detail: fields.message,
    code: fields.code,
    ...(fields.hint === undefined ? {} : { hint: fields.hint }),
    instance: fields.instance,
  }
}

/** Headers that a status asks for. */
export function problemHeaders(status: number): { [name: string]: string } {
  if (status === 401) return { 'www-authenticate': 'Bearer realm="aishell"' }
  if (status === 429 || status === 503) return { 'retry-after': '1' }
  return {}
}
