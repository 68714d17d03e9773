import type { EntryBody } from '../../../contract/index.ts'
import { listingLines } from './listing.ts'
import type { ListingLook } from './relation-view.ts'

/** What was asked and how it ended, newest first as the server gives it. */
export function historyLines(entries: readonly EntryBody[], look: ListingLook): string[] {
  const headings = [
    { name: 'when' },
    { name: 'who' },
    { name: 'connection' },
    { name: 'state' },
    { name: 'rows', isNumber: true },
    { name: 'asked' },
  ]
  const rows = entries.map((entry) => [
    entry.startedAt.replace('T', ' ').slice(0, 19),
    entry.actor.name,
    entry.connection,
    entry.failureCode === null ? entry.state : `${entry.state} (${entry.failureCode})`,
    entry.rows === null ? '' : String(entry.rows),
    (entry.question ?? entry.sql ?? '').replace(/\s+/g, ' ').trim(),
  ])
  return listingLines(headings, rows, look)
}
