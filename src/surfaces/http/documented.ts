import { z } from 'zod'
import { nameOrIdShape, problemShape } from '../../contract/index.ts'

const problemContent = { 'application/problem+json': { schema: problemShape } }

/** Refusals any route with a credential may give; routes add their own. */
const everywhere = {
  400: { description: 'The request does not fit the contract.', content: problemContent },
  401: { description: 'No credential, or one that does not hold.', content: problemContent },
  403: { description: 'The role or token does not include the right.', content: problemContent },
  414: { description: 'A part of the path is too long.', content: problemContent },
  424: { description: 'A database or model that was asked does not answer.', content: problemContent },
  429: { description: 'The server is busy; `retry-after` says when to come again.', content: problemContent },
  500: { description: 'A fault of the server; `instance` is the id to name to the operator.', content: problemContent },
  502: { description: 'The identity provider does not answer.', content: problemContent },
  503: { description: 'The store or the record cannot be reached, or the server is stopping.', content: problemContent },
} as const

const more = {
  404: 'Nothing with this name or id that you may see.',
  405: 'The path exists, the method does not; `allow` lists those that do.',
  406: 'None of the types in `accept` can be given.',
  409: 'It does not fit the present state.',
  413: 'The body is too large.',
  415: 'The body is not JSON.',
  422: 'The question ended without rows.',
} as const

/** The problem documents of a route: those every route may give and the ones named. */
export function problems(...statuses: readonly (keyof typeof more)[]) {
  const named = statuses.map((status) => [status, { description: more[status], content: problemContent }] as const)
  return { ...everywhere, ...Object.fromEntries(named) }
}

/** Problems of a route whose request has a JSON body. */
export function problemsWithBody(...statuses: readonly (keyof typeof more)[]) {
  return problems(413, 415, ...statuses)
}

/** One event of a stream of server-sent events, as its reader holds it. */
export function eventStreamOf(what: string) {
  return z.looseObject({ data: z.string() }).describe(`One event of the stream; its \`data\` is ${what} in JSON.`)
}

export const noContent = z.undefined().describe('Done; there is nothing to show.')

export const idParams = z.strictObject({ id: nameOrIdShape })
