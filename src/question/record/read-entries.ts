import { ShellError, type Scope } from '../../domain/index.ts'
import type { EntryBody } from '../../contract/index.ts'
import type { Query, Store } from '../../platform/store/index.ts'
import type { AttemptPart, LinkBody } from './link.ts'

export interface ListOptions {
  readonly after?: string
  readonly limit: number
  readonly memberId?: string
  readonly connection?: string
}

type IntentLink = Extract<LinkBody, { kind: 'intent' }>
type OutcomeLink = Extract<LinkBody, { kind: 'outcome' }>

/** Newest first. The cursor is the intent's place in the chain, so a page stays put while entries are added. */
export async function listEntries(
  scope: Scope,
  store: Store,
  options: ListOptions,
): Promise<{ readonly items: readonly EntryBody[]; readonly next: string | null }> {
  const after = readCursor(options.after)
  return await store.within(scope, async (query) => {
    let intents = query
      .selectFrom('record_link')
      .select(['body', 'sequence'])
      .where('tenant_id', '=', scope.tenantId)
      .where('kind', '=', 'intent')
    if (after !== null) intents = intents.where('sequence', '<', after)
    if (options.memberId !== undefined) intents = intents.where('member_id', '=', options.memberId)
    if (options.connection !== undefined) intents = intents.where('connection', '=', options.connection)
    const rows = await intents
      .orderBy('sequence', 'desc')
      .limit(options.limit + 1)
      .execute()
    const page = rows.slice(0, options.limit)
    const items = await assemble(query, scope, page)
    const hasMore = rows.length > page.length
    return { items, next: hasMore ? String(items.at(-1)?.sequence) : null }
  })
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
  const bodies = intents.map((row) => JSON.parse(row.body) as IntentLink) // the runtime role can only add what chainLinks wrote
  if (bodies.length === 0) return []
  const rows = await query
    .selectFrom('record_link')
    .select('body')
    .where('tenant_id', '=', scope.tenantId)
    .where('kind', 'in', ['attempt', 'outcome'])
    .where(
      'entry_id',
      'in',
      bodies.map((body) => body.entryId),
    )
    .orderBy('sequence')
    .execute()
  const later = Map.groupBy(
    rows.map((row) => JSON.parse(row.body) as LinkBody),
    (body) => body.entryId,
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

type OutcomeEntry = Pick<EntryBody, 'state' | 'failureCode' | 'rows' | 'bytes' | 'truncated' | 'endedAt' | 'timings'>

function outcomeFields(outcome: OutcomeLink | undefined): OutcomeEntry {
  const nothing = { failureCode: null, rows: null, bytes: null, truncated: null, timings: null }
  if (outcome === undefined) return { ...nothing, state: 'open', endedAt: null }
  if (outcome.state === 'lost') return { ...nothing, state: 'lost', endedAt: outcome.at }
  const { state, failureCode, rows, bytes, truncated, timings, at } = outcome
  return { state, failureCode, rows, bytes, truncated, timings: { ...timings }, endedAt: at }
}
