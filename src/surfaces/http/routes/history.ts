import { z } from 'zod'
import { mayDo, ShellError } from '../../../domain/index.ts'
import { auditKeyShape, entryQueryShape, entryShape, pageOf, verificationShape } from '../../../contract/index.ts'
import type { App } from '../app.ts'
import { actorOf } from '../credentials.ts'
import { idParams, problems } from '../documented.ts'
import { Exchange } from '../exchange.ts'
import type { HttpRooms } from '../rooms.ts'

type Query = z.output<typeof entryQueryShape>

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
      return record.list(actor, { ...listOptions(request.query), memberId })
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

export function auditRoutes(app: App, { record, observer }: Pick<HttpRooms, 'record' | 'observer'>): void {
  app.get(
    '/api/v1/audit',
    {
      config: { access: 'read-audit' },
      schema: {
        operationId: 'listAudit',
        tags: ['record'],
        summary: 'Everybody’s entries, newest first',
        querystring: entryQueryShape,
        response: { 200: pageOf(entryShape), ...problems() },
      },
    },
    async (request) => {
      const { member } = request.query
      return record.list(actorOf(request), { ...listOptions(request.query), ...(member === undefined ? {} : { memberId: member }) })
    },
  )
  app.get(
    '/api/v1/audit/verify',
    {
      config: { access: 'read-audit' },
      schema: {
        operationId: 'verifyAudit',
        tags: ['record'],
        summary: 'Check the chain: changes, gaps, swaps, a cut end',
        response: { 200: verificationShape, ...problems() },
      },
    },
    async (request) => record.verify(actorOf(request)),
  )
  app.get(
    '/api/v1/audit/export',
    {
      config: { access: 'read-audit' },
      schema: {
        operationId: 'exportAudit',
        tags: ['record'],
        summary: 'The whole chain as NDJSON',
        description: 'The last line is the signed head; `aishell audit verify --file` checks an export without a server.',
        response: {
          200: { description: 'One link per line.', content: { 'application/x-ndjson': { schema: z.string() } } },
          ...problems(),
        },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      await record.note(actor, 'audit-export', actor.tenantId)
      const exchange = new Exchange(reply)
      await exchange.guarded(observer.observe, request.id, () => sendLines(exchange, record.export(actor)))
      return reply
    },
  )
}

export function auditKeyRoute(app: App, { record }: Pick<HttpRooms, 'record'>): void {
  app.get(
    '/api/v1/audit/key',
    {
      config: { access: 'manage-members' },
      schema: {
        operationId: 'auditKey',
        tags: ['record'],
        summary: 'The key that checks exports of your tenant offline',
        description: 'With it a chain could be forged as well, so it is for admins, each fetch is in the record, and it belongs in a safe.',
        response: { 200: auditKeyShape, ...problems() },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      await record.note(actor, 'audit-key', actor.tenantId)
      const key = Buffer.from(await record.auditKey(actor)).toString('hex')
      return reply.header('cache-control', 'no-store').send({ tenantId: actor.tenantId, key })
    },
  )
}

/** The head waits for the first line: a store that cannot be read is then still a problem document. */
async function sendLines(exchange: Exchange, lines: AsyncIterable<string>): Promise<void> {
  let isOpen = false
  for await (const line of lines) {
    if (!isOpen) exchange.begin(200, { 'content-type': 'application/x-ndjson; charset=utf-8', 'cache-control': 'no-store' })
    isOpen = true
    await exchange.write(line.endsWith('\n') ? line : `${line}\n`)
    if (exchange.isGone) return
  }
  if (!isOpen) exchange.begin(200, { 'content-type': 'application/x-ndjson; charset=utf-8' })
  exchange.end()
}

function listOptions(query: Query): { readonly limit: number; readonly after?: string; readonly connection?: string } {
  return {
    limit: query.limit,
    ...(query.after === undefined ? {} : { after: query.after }),
    ...(query.connection === undefined ? {} : { connection: query.connection }),
  }
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
