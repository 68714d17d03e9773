import { ShellError, type Scope } from '../../domain/index.ts'
import type { EntryBody } from '../../contract/index.ts'
import { sql, type Query, type Store } from '../../platform/store/index.ts'
import type { EntryFilter, ListOptions } from './entry-filter.ts'
import { laterLinks } from './later-links.ts'
import { readLinkBody, type AttemptPart, type LinkBody } from './link.ts'

type IntentLink = Extract<LinkBody, { kind: 'intent' }>
type OutcomeLink = Extract<LinkBody, { kind: 'outcome' }>

/** Entries one page may look at for words or a state: a page is quick however rare what it seeks is. */
const maxLooked = 5_000
const pageEntries = 500
/** Links of two servers may be this far out of order, should their clocks differ. */
const clockSkewMs = 60_000

type Page = { readonly items: readonly EntryBody[]; readonly next: string | null }

/**
 * Newest first. The cursor is the intent's place in the chain, so a page stays put while entries are added. Filters by
 * words or state look at so many entries and then give what they found, and where to go on: a page may be short, even
 * empty, and have a next one.
 */
export async function listEntries(scope: Scope, store: Store, options: ListOptions): Promise<Page> {
  let after = readCursor(options.after)
  const items: EntryBody[] = []
  const looksInside = options.text !== undefined || options.state !== undefined
  for (let looked = 0; ;) {
    const size = looksInside ? pageEntries : options.limit - items.length
    const { entries, hasMore } = await store.within(scope, (query) => readIntents(query, scope, options, { after, size, order: 'desc' }))
    looked += entries.length
    for (const [place, entry] of entries.entries()) {
      if (!isWanted(entry, options)) continue
      items.push(entry)
      if (items.length < options.limit) continue
      return { items, next: hasMore || place < entries.length - 1 ? String(entry.sequence) : null }
    }
    if (!hasMore) return { items, next: null }
    after = String(entries.at(-1)?.sequence)
    if (looked >= maxLooked) return { items, next: after }
  }
}

/** All that fit, oldest first, from behind `after` on; read page by page while somebody reads. */
export async function* streamEntries(
  scope: Scope,
  store: Store,
  filter: EntryFilter & { readonly after?: string },
): AsyncGenerator<EntryBody> {
  let after = readCursor(filter.after)
  for (;;) {
    const window = { after, size: pageEntries, order: 'asc' as const }
    const { entries, hasMore } = await store.within(scope, (query) => readIntents(query, scope, filter, window))
    for (const entry of entries) if (isWanted(entry, filter)) yield entry
    if (!hasMore) return
    after = String(entries.at(-1)?.sequence)
  }
}

interface Window {
  readonly after: string | null
  readonly size: number
  readonly order: 'asc' | 'desc'
}

async function readIntents(query: Query, scope: Scope, filter: EntryFilter, { after, size, order }: Window) {
  let intents = query
    .selectFrom('record_link')
    .select(['body', 'sequence'])
    .where('tenant_id', '=', scope.tenantId)
    .where('kind', '=', 'intent')
  if (after !== null) intents = intents.where('sequence', order === 'desc' ? '<' : '>', after)
  if (filter.memberId !== undefined) intents = intents.where('member_id', '=', filter.memberId)
  if (filter.connection !== undefined) intents = intents.where('connection', '=', filter.connection)
  if (filter.from !== undefined)
    intents = intents.where('sequence', '>=', await sequenceAt(query, filter.from, -clockSkewMs)).where('at', '>=', new Date(filter.from))
  if (filter.to !== undefined)
    intents = intents.where('sequence', '<', await sequenceAt(query, filter.to, clockSkewMs)).where('at', '<', new Date(filter.to))
  const rows = await intents
    .orderBy('sequence', order)
    .limit(size + 1)
    .execute()
  return { entries: await assemble(query, scope, rows.slice(0, size)), hasMore: rows.length > size }
}

async function sequenceAt(query: Query, time: string, shiftMs: number): Promise<string> {
  const moment = new Date(Date.parse(time) + shiftMs).toISOString()
  const { rows } = await sql<{ sequence: string }>`SELECT record_sequence_at(${moment}::timestamptz) AS sequence`.execute(query)
  return rows[0]?.sequence ?? '1'
}

function isWanted(entry: EntryBody, { text, state }: EntryFilter): boolean {
  if (state !== undefined && entry.state !== state) return false
  return text === undefined || `${entry.question ?? ''}\n${entry.sql ?? ''}`.toLowerCase().includes(text.toLowerCase())
}

export async function getEntry(scope: Scope, store: Store, entryId: string): Promise<EntryBody> {
  const entries = !uuid.test(entryId)
    ? []
    : await store.within(scope, async (query) => {
        const rows = await query
          .selectFrom('record_link')
          .select('body')
          .where('tenant_id', '=', scope.tenantId)
          .where('kind', '=', 'intent')
          .where('entry_id', '=', entryId)
          .execute()
        return await assemble(query, scope, rows)
      })
  const entry = entries[0]
  if (entry !== undefined) return entry
  throw new ShellError({ code: 'record.unknown', kind: 'missing', message: 'There is no such entry in the record.' })
}

export const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

function readCursor(after: string | undefined): string | null {
  if (after === undefined) return null
  if (/^\d{1,18}$/.test(after)) return after
  throw new ShellError({
    code: 'record.bad-cursor',
    kind: 'invalid',
    message: 'That is no place in this list.',
    hint: 'Use the `next` of the page before, unchanged.',
  })
}

async function assemble(query: Query, scope: Scope, intents: readonly { readonly body: string }[]): Promise<readonly EntryBody[]> {
  const bodies = intents.map((row) => readLinkBody(row) as IntentLink) // selected by their kind
  const later = await laterLinks(
    query,
    scope,
    bodies.map(({ entryId }) => entryId),
  )
  return bodies.map((intent) => toEntry(intent, later.get(intent.entryId) ?? []))
}

function toEntry(intent: IntentLink, later: readonly LinkBody[]): EntryBody {
  const attempt = later.findLast((link) => link.kind === 'attempt')?.attempt ?? intent.attempt
  const outcome = later.find((link) => link.kind === 'outcome')
  const { memberId, name, kind, surface, tokenId } = intent.actor
  return {
    id: intent.entryId,
    sequence: intent.sequence,
    actor: { memberId, name, kind, surface, tokenId } as EntryBody['actor'], // written from an Actor, whose sets these are
    connection: intent.connection,
    question: intent.input.kind === 'text' ? intent.input.text : null,
    ...attemptFields(intent, attempt),
    ...outcomeFields(outcome),
    startedAt: intent.at,
    ...(intent.approval === undefined ? {} : { approval: intent.approval }),
  }
}

type AttemptEntry = Pick<EntryBody, 'drafter' | 'model' | 'sql' | 'decision' | 'class' | 'reasons'>

function attemptFields(intent: IntentLink, attempt: AttemptPart | null): AttemptEntry {
  const typed = intent.input.kind === 'sql' ? intent.input.sql : null
  if (attempt === null) return { drafter: null, model: null, sql: typed, decision: null, class: null, reasons: [] }
  const { draft, verdict } = attempt
  return {
    drafter: draft.drafter,
    model: draft.modelUse?.model ?? null,
    sql: draft.kind === 'drafted' ? draft.sql : typed,
    decision: verdict?.decision ?? null,
    class: verdict?.class ?? null,
    reasons: verdict?.reasons ?? [],
  }
}

type OutcomeEntry = Pick<EntryBody, 'state' | 'failureCode' | 'rows' | 'affectedRows' | 'bytes' | 'truncated' | 'endedAt' | 'timings'>

function outcomeFields(outcome: OutcomeLink | undefined): OutcomeEntry {
  const nothing = { failureCode: null, rows: null, bytes: null, truncated: null, timings: null }
  if (outcome === undefined) return { ...nothing, state: 'open', endedAt: null }
  if (outcome.state === 'lost') return { ...nothing, state: 'lost', endedAt: outcome.at }
  const { state, failureCode, rows, affectedRows, bytes, truncated, timings, at } = outcome
  return {
    ...(affectedRows === undefined ? {} : { affectedRows }),
    state,
    failureCode,
    rows,
    bytes,
    truncated,
    timings: { ...timings },
    endedAt: at,
  }
}
