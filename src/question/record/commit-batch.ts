import { isShellError, ShellError, type Scope } from '../../domain/index.ts'
import { bigintArray, bytesArray, sql, textArray, timeArray, uuidArray, type Query, type Store } from '../../platform/store/index.ts'
import { emptyHead, linkMac, writeLinkBody, type Head, type LinkContent } from './link.ts'

/** One link waiting for its place in the chain. */
export interface PendingLink {
  readonly entryId: string
  readonly at: Date
  readonly content: LinkContent
}

export interface CommitOptions {
  readonly store: Store
  readonly serverId: string
  readonly auditKey: Uint8Array
}

export interface Committed {
  readonly head: Head
  /** Links that were left out: their entry had ended, or never begun. */
  readonly refused: ReadonlySet<PendingLink>
}

/** Links that have their places behind a head, and what becomes of their entries. */
export interface PlacedLinks {
  readonly from: Head
  readonly last: Head
  readonly rows: readonly ChainedLink[]
  readonly entries: EntryKinds
}

/** Gives the links their places behind `from`. null: an entry is twice among them, which is looked at with the head locked. */
export function placeLinks(scope: Scope, from: Head, links: readonly PendingLink[], auditKey: Uint8Array): PlacedLinks | null {
  const entries = sortKinds(links)
  return entries === null ? null : { from, entries, ...chainLinks(scope, from, links, auditKey) }
}

/**
 * Appends links to the tenant's chain in one transaction, whole or not at all. The head's row lock puts servers in
 * line; the compare-and-set on it is the second fence.
 */
export async function commitLocked(scope: Scope, links: readonly PendingLink[], options: CommitOptions): Promise<Committed> {
  return await options.store.within(scope, async (query) => {
    const head = await lockHead(query, scope)
    const refused = await refusedOf(query, scope, links)
    const kept = links.filter((link) => !refused.has(link))
    if (kept.length === 0) return { head, refused }
    return { head: await insertLinks(query, scope, head, kept, options), refused }
  })
}

const notOpen = 'RC001'

const appendText = `SELECT record_append($1::uuid, $2::bigint, $3::bytea, $4::bigint, $5::bytea, $6::bigint[], $7::uuid[], $8::text[],
  $9::timestamptz[], $10::uuid[], $11::text[], $12::text[], $13::bytea[], $14::uuid[], $15::uuid[], $16::uuid[], $17::uuid) AS "isMoved"`

/**
 * The common case of `commitLocked` in one round trip: the head is where the links were placed and every entry is as it should
 * be. false: it is not, and nothing was written.
 */
export async function commitPlaced(
  scope: Scope,
  placed: PlacedLinks,
  { store, serverId }: Omit<CommitOptions, 'auditKey'>,
): Promise<boolean> {
  const { from, last, rows, entries } = placed
  const shelves = rows.map((row) => shelf(row.link))
  const values = [
    ...[scope.tenantId, from.sequence, from.mac, last.sequence, last.mac],
    ...[bigintArray(rows.map((row) => row.sequence)), uuidArray(rows.map((row) => row.link.entryId))],
    ...[textArray(rows.map((row) => row.link.content.kind)), timeArray(rows.map((row) => row.link.at))],
    ...[uuidArray(shelves.map((one) => one.memberId)), textArray(shelves.map((one) => one.connection))],
    ...[textArray(rows.map((row) => row.body)), bytesArray(rows.map((row) => row.mac))],
    ...[uuidArray(entries.begun), uuidArray(entries.ended), uuidArray(entries.continued), serverId],
  ]
  try {
    return (await store.call<{ isMoved: boolean }>(appendText, values)).isMoved
  } catch (error) {
    if ((error as { code?: unknown }).code === notOpen || isMovedMeanwhile(error)) return false
    throw error
  }
}

/** Where the store's transactions see one state from their begin to their end, whoever waited for the head is refused (40001). */
function isMovedMeanwhile(error: unknown): boolean {
  return isShellError(error) && (error.cause as { code?: unknown } | undefined)?.code === '40001'
}

interface EntryKinds {
  readonly begun: readonly string[]
  readonly ended: readonly string[]
  readonly continued: readonly string[]
}

/** Entries by what happens to them. null: one is twice in the batch. */
function sortKinds(links: readonly PendingLink[]): EntryKinds | null {
  const begun: string[] = []
  const ended: string[] = []
  const continued: string[] = []
  const seen = new Set<string>()
  for (const { entryId, content } of links) {
    if (content.kind === 'note') continue
    if (seen.has(entryId)) return null
    seen.add(entryId)
    const list = content.kind === 'intent' ? begun : content.kind === 'outcome' ? ended : continued
    list.push(entryId)
  }
  return { begun, ended, continued }
}

async function lockHead(query: Query, scope: Scope): Promise<Head> {
  const found = await readLockedHead(query, scope)
  if (found !== null) return found
  await query
    .insertInto('record_head')
    .values({ tenant_id: scope.tenantId, sequence: '0', mac: emptyHead.mac })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  return await lockHead(query, scope)
}

async function readLockedHead(query: Query, scope: Scope): Promise<Head | null> {
  // An intent must be on disk before its statement runs, also where the server's default is to answer before that.
  const { rows } = await sql<{ sequence: string; mac: Buffer }>`
    SELECT sequence, mac, CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'local', true) END
    FROM record_head WHERE tenant_id = ${scope.tenantId} FOR UPDATE`.execute(query)
  const row = rows[0]
  return row === undefined ? null : { sequence: Number(row.sequence), mac: row.mac }
}

/** Closes the entries whose outcome is here; gives the attempts and outcomes whose entry is not open. */
async function refusedOf(query: Query, scope: Scope, links: readonly PendingLink[]): Promise<Set<PendingLink>> {
  const ends = firstOutcomes(links)
  const others = links.filter((link) => link.content.kind === 'attempt')
  const late = new Set(links.filter((link) => link.content.kind === 'outcome' && !ends.has(link)))
  if (ends.size + others.length === 0) return late
  const { rows } = await sql<{ entry_id: string }>`
    WITH closed AS (
      DELETE FROM record_open WHERE tenant_id = ${scope.tenantId} AND entry_id = ANY(${idsOf(ends)}::uuid[]) RETURNING entry_id)
    SELECT entry_id FROM closed
    UNION ALL SELECT entry_id FROM record_open WHERE tenant_id = ${scope.tenantId} AND entry_id = ANY(${idsOf(others)}::uuid[])`.execute(
    query,
  )
  const open = new Set(rows.map((row) => row.entry_id))
  for (const link of [...ends, ...others]) if (!open.has(link.entryId)) late.add(link)
  return late
}

/** One outcome per entry: the first in line. */
function firstOutcomes(links: readonly PendingLink[]): ReadonlySet<PendingLink> {
  const byEntry = new Map<string, PendingLink>()
  for (const link of links) if (link.content.kind === 'outcome' && !byEntry.has(link.entryId)) byEntry.set(link.entryId, link)
  return new Set(byEntry.values())
}

function idsOf(links: Iterable<PendingLink>): string[] {
  return Array.from(links, (link) => link.entryId)
}

async function insertLinks(query: Query, scope: Scope, head: Head, links: readonly PendingLink[], options: CommitOptions): Promise<Head> {
  const { rows, last } = chainLinks(scope, head, links, options.auditKey)
  const intents = links.filter((link) => link.content.kind === 'intent')
  const shelves = rows.map((row) => shelf(row.link))
  const moved = await sql`
    WITH moved AS (
      UPDATE record_head SET sequence = ${last.sequence}, mac = ${last.mac}
      WHERE tenant_id = ${scope.tenantId} AND sequence = ${head.sequence} AND mac = ${head.mac} RETURNING 1),
    linked AS (
      INSERT INTO record_link (tenant_id, sequence, entry_id, kind, at, member_id, connection, body, mac)
      SELECT ${scope.tenantId}, * FROM unnest(
        ${rows.map((row) => row.sequence)}::bigint[], ${rows.map((row) => row.link.entryId)}::uuid[],
        ${rows.map((row) => row.link.content.kind)}::text[], ${rows.map((row) => row.link.at.toISOString())}::timestamptz[],
        ${shelves.map((one) => one.memberId)}::uuid[], ${shelves.map((one) => one.connection)}::text[],
        ${rows.map((row) => row.body)}::text[], ${rows.map((row) => row.mac)}::bytea[])),
    opened AS (
      INSERT INTO record_open (tenant_id, entry_id, server_id)
      SELECT ${scope.tenantId}, entry_id, ${options.serverId} FROM unnest(${idsOf(intents)}::uuid[]) AS entry_id)
    SELECT * FROM moved`.execute(query)
  if (moved.rows.length === 0)
    throw new ShellError({ code: 'record.head-moved', kind: 'conflict', message: 'The record’s head was changed past its lock.' })
  return last
}

interface ChainedLink extends Head {
  readonly link: PendingLink
  readonly body: string
}

function chainLinks(
  scope: Scope,
  head: Head,
  links: readonly PendingLink[],
  auditKey: Uint8Array,
): { readonly rows: readonly ChainedLink[]; readonly last: Head } {
  let last = head
  const rows = links.map((link) => {
    const sequence = last.sequence + 1
    const { entryId, at, content } = link
    const body = writeLinkBody(content, { at: at.toISOString(), entryId, sequence, tenantId: scope.tenantId })
    last = { sequence, mac: linkMac(auditKey, last.mac, body) }
    return { ...last, link, body }
  })
  return { rows, last }
}

/** The columns a list is filtered by, repeated from the body; `verify` compares them. */
export function shelf(link: { readonly content: LinkContent }): { readonly memberId: string | null; readonly connection: string | null } {
  const { content } = link
  if (content.kind !== 'intent') return { memberId: null, connection: null }
  // PostgreSQL's text has no NUL and no lone surrogates; the body has them escaped.
  return { memberId: content.actor.memberId, connection: content.connection.replaceAll('\0', '\uFFFD').toWellFormed() }
}
