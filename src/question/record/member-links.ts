import type { Scope } from '../../domain/index.ts'
import { sql, type Query, type Store } from '../../platform/store/index.ts'
import { laterLinks } from './later-links.ts'
import { readLinkBody, type LinkBody } from './link.ts'
import type { NamedMember } from './record.ts'

const pageEntries = 500
/** Notes have no index by member: so many links are looked at in one read. */
const windowLinks = 50_000

/** How many entries name the member as the one who asked. */
export async function countEntriesOf(scope: Scope, store: Store, memberId: string): Promise<number> {
  const { count } = await store.within(scope, (query) =>
    intentsOf(query, scope, memberId)
      .select((on) => on.fn.countAll<string>().as('count'))
      .executeTakeFirstOrThrow(),
  )
  return Number(count)
}

/** All that the record holds of a member, as its links say it: their entries, oldest first, then the notes by or about them. */
export async function* memberLinks(scope: Scope, store: Store, member: NamedMember): AsyncGenerator<LinkBody> {
  for (let after = '0'; ;) {
    const { intents, later } = await store.within(scope, (query) => readEntries(query, scope, member.id, after))
    for (const intent of intents) {
      yield intent
      yield* later.get(intent.entryId) ?? []
    }
    if (intents.length < pageEntries) break
    after = String(intents.at(-1)?.sequence)
  }
  yield* memberNotes(scope, store, member)
}

async function readEntries(query: Query, scope: Scope, memberId: string, after: string) {
  const rows = await intentsOf(query, scope, memberId)
    .select('body')
    .where('sequence', '>', after)
    .orderBy('sequence')
    .limit(pageEntries)
    .execute()
  const intents = rows.map(readLinkBody)
  const later = await laterLinks(
    query,
    scope,
    intents.map(({ entryId }) => entryId),
  )
  return { intents, later }
}

async function* memberNotes(scope: Scope, store: Store, member: NamedMember): AsyncGenerator<LinkBody> {
  const ends = await store.within(scope, (query) =>
    query
      .selectFrom('record_link')
      .select((on) => [on.fn.min('sequence').as('first'), on.fn.max('sequence').as('last')])
      .where('tenant_id', '=', scope.tenantId)
      .executeTakeFirstOrThrow(),
  )
  const named = JSON.stringify(member.name).slice(1, -1)
  for (let from = Number(ends.first ?? 1); from <= Number(ends.last ?? 0); from += windowLinks) {
    const rows = await store.within(scope, (query) =>
      query
        .selectFrom('record_link')
        .select('body')
        .where('tenant_id', '=', scope.tenantId)
        .where('kind', '=', 'note')
        .where('sequence', '>=', String(from))
        .where('sequence', '<', String(from + windowLinks))
        .where(sql<boolean>`(strpos(body, ${member.id}) > 0 OR strpos(body, ${named}) > 0)`)
        .orderBy('sequence')
        .execute(),
    )
    for (const body of rows.map(readLinkBody)) if (isNoteOf(body, member)) yield body
  }
}

/** Subjects are ids, or a name with what was done to it; a name that merely stands in other words is not meant. */
function isNoteOf(body: LinkBody, { id, name }: NamedMember): boolean {
  if (body.kind !== 'note') return false
  const { actor, subject } = body
  return (
    actor.memberId === id || subject.includes(id) || subject === name || [' as ', ': '].some((next) => subject.startsWith(`${name}${next}`))
  )
}

function intentsOf(query: Query, scope: Scope, memberId: string) {
  return query
    .selectFrom('record_link')
    .where('tenant_id', '=', scope.tenantId)
    .where('kind', '=', 'intent')
    .where('member_id', '=', memberId)
}
