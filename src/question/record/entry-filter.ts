import type { EntryState } from '../../domain/index.ts'

export interface EntryFilter {
  readonly memberId?: string
  readonly connection?: string
  /** Started at or after; ISO 8601. */
  readonly from?: string
  /** Started before. */
  readonly to?: string
  /** Stands in the question or the statement; letter case does not count. */
  readonly text?: string
  readonly state?: EntryState
}

export interface ListOptions extends EntryFilter {
  readonly after?: string
  readonly limit: number
}
