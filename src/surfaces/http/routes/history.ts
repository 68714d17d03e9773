import type { z } from 'zod'
import { mayDo, ShellError } from '../../../domain/index.ts'
import { entryQueryShape, entryShape, pageOf } from '../../../contract/index.ts'
import type { App } from '../app.ts'
import { actorOf } from '../credentials.ts'
import { idParams, problems } from '../documented.ts'
import type { EntryFilter } from '../../../question/record/index.ts'
import type { HttpRooms } from '../rooms.ts'

type Query = z.output<typeof entryQueryShape>

/** What of a query names entries, without what is not given. */
export function filterOf(query: Omit<Query, 'limit'>): EntryFilter & { readonly after?: string } {
  const { member, ...rest } = query
  const named = { ...rest, ...(member === undefined ? {} : { memberId: member }) }
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined))
}

/** The record read back: one's own entries as history, everybody's as audit. */
export function historyRoutes(app: App, { record }: Pick<HttpRooms, 'record'>): void {
  app.get(
    '/api/v1/history',
    {
      config: { access: 'read-history' },
      schema: {
        operationId: 'listHistory',
        tags: ['record'],
        summary: 'Your questions and how they ended, newest first',
        querystring: entryQueryShape,
        response: { 200: pageOf(entryShape), ...problems() },
      },
    },
    async (request) => {
      const actor = actorOf(request)
      const memberId = request.query.member ?? actor.memberId
      if (memberId !== actor.memberId && !mayDo(actor, 'read-audit')) throw notOwn()
      return record.list(actor, { ...filterOf(request.query), limit: request.query.limit, memberId })
    },
  )
  app.get(
    '/api/v1/history/:id',
    {
      config: { access: 'read-history' },
      schema: {
        operationId: 'getEntry',
        tags: ['record'],
        summary: 'One entry; its id is the question’s',
        params: idParams,
        response: { 200: entryShape, ...problems(404) },
      },
    },
    async (request) => {
      const actor = actorOf(request)
      const entry = await record.get(actor, request.params.id)
      if (entry.actor.memberId !== actor.memberId && !mayDo(actor, 'read-audit')) throw unknownEntry()
      return entry
    },
  )
}

function notOwn(): ShellError {
  return new ShellError({
    code: 'http.not-allowed',
    kind: 'denied',
    message: 'Entries of other members are for those who may read the audit.',
    hint: 'Leave `member` out to see your own.',
  })
}

/** As for an entry that does not exist: ids of others are not to be found out. */
function unknownEntry(): ShellError {
  return new ShellError({ code: 'record.unknown', kind: 'missing', message: 'There is no such entry in the record.' })
}
