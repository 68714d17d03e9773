import { z } from 'zod'
import { ShellError } from '../../../domain/index.ts'
import {
  auditKeyShape,
  checkpointShape,
  entryQueryShape,
  entryShape,
  exportQueryShape,
  pageOf,
  publicKeyShape,
  retainedShape,
  retainInputShape,
  verificationShape,
  type EntryFormat,
} from '../../../contract/index.ts'
import type { App } from '../app.ts'
import { actorOf } from '../credentials.ts'
import { problems, problemsWithBody } from '../documented.ts'
import { Exchange } from '../exchange.ts'
import type { HttpRooms } from '../rooms.ts'
import { sendLines } from '../send-lines.ts'
import { filterOf } from './history.ts'

/** The record of everybody, for those who may read it: lists, proof, exports and the keys that check them. */
export function auditRoutes(app: App, rooms: Pick<HttpRooms, 'record' | 'observer'>): void {
  readingRoutes(app, rooms)
  exportRoute(app, rooms)
  keyRoutes(app, rooms)
  keepingRoutes(app, rooms)
}

function readingRoutes(app: App, { record }: Pick<HttpRooms, 'record'>): void {
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
      return record.list(actorOf(request), { ...filterOf(request.query), limit: request.query.limit })
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
}

const mediaTypes: Readonly<Record<EntryFormat | 'chain', string>> = {
  chain: 'application/x-ndjson',
  ndjson: 'application/x-ndjson',
  ocsf: 'application/x-ndjson',
  csv: 'text/csv',
  cef: 'text/plain',
}

function exportRoute(app: App, { record, observer }: Pick<HttpRooms, 'record' | 'observer'>): void {
  app.get(
    '/api/v1/audit/export',
    {
      config: { access: 'read-audit' },
      schema: {
        operationId: 'exportAudit',
        tags: ['record'],
        summary: 'The whole chain, or entries for a SIEM',
        description:
          '`format=chain`, the default, is the whole record, signed: `aishell audit verify --file` checks it without a server. The other formats ' +
          'hold entries, oldest first, filtered like the list; to go on where one ended, send its last `sequence` as `after`.',
        querystring: exportQueryShape,
        response: {
          200: {
            description: 'One link or entry per line.',
            content: {
              'application/x-ndjson': { schema: z.string() },
              'text/csv': { schema: z.string() },
              'text/plain': { schema: z.string() },
            },
          },
          ...problems(),
        },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      const { format, ...query } = request.query
      if (format === 'chain' && Object.values(query).some((value) => value !== undefined)) throw chainIsWhole()
      await record.note(actor, 'audit-export', format)
      const lines = format === 'chain' ? record.export(actor) : record.exportEntries(actor, format, filterOf(query))
      const exchange = new Exchange(reply)
      await exchange.guarded(observer.observe, request.id, () => sendLines(exchange, mediaTypes[format], lines))
      return reply
    },
  )
}

function chainIsWhole(): ShellError {
  return new ShellError({
    code: 'http.chain-is-whole',
    kind: 'invalid',
    message: 'The chain is exported whole or not at all: a part of it proves nothing.',
    hint: 'Name a format of entries, such as `format=ndjson`, to filter.',
  })
}

function keyRoutes(app: App, { record }: Pick<HttpRooms, 'record'>): void {
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
  app.get(
    '/api/v1/audit/public-key',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'auditPublicKey',
        tags: ['record'],
        summary: 'The public key that checks exports and checkpoints of your tenant',
        description: 'Note it down once, away from this server: a key that is fetched together with an export proves little.',
        response: { 200: publicKeyShape, ...problems() },
      },
    },
    async (request) => {
      const actor = actorOf(request)
      return { tenantId: actor.tenantId, algorithm: 'Ed25519' as const, ...(await record.publicKey(actor)) }
    },
  )
}

function keepingRoutes(app: App, { record }: Pick<HttpRooms, 'record'>): void {
  app.post(
    '/api/v1/audit/checkpoints',
    {
      config: { access: 'manage-members' },
      schema: {
        operationId: 'checkpointAudit',
        tags: ['record'],
        summary: 'Sign the head of the chain now and bring it outside',
        description: 'Servers do this by themselves every AUDIT_CHECKPOINT_INTERVAL_MS.',
        response: { 200: checkpointShape, ...problems(409) },
      },
    },
    async (request) => {
      const made = await record.checkpoint(actorOf(request))
      return { sequence: made?.sequence ?? null, isNew: made !== null }
    },
  )
  app.post(
    '/api/v1/audit/retention',
    {
      config: { access: 'manage-members' },
      schema: {
        operationId: 'retainAudit',
        tags: ['record'],
        summary: 'Remove what is older than a time, under a signed tombstone',
        description: 'Entries that have not ended stay, and so does the newest link. What does not verify is evidence and is not removed.',
        body: retainInputShape,
        response: { 200: retainedShape, ...problemsWithBody(409) },
      },
    },
    async (request) => {
      const actor = actorOf(request)
      const before = new Date(request.body.before)
      if (before.getTime() > Date.now()) throw notYet()
      await record.note(actor, 'audit-retention', before.toISOString())
      return { removed: await record.retain(actor, before, `member ${actor.memberId}`) }
    },
  )
}

function notYet(): ShellError {
  return new ShellError({
    code: 'http.retention-in-future',
    kind: 'invalid',
    message: 'That time is still to come; only what is past can be removed.',
  })
}
