/** How an answer ended. Typed, never blurred; `drafted` where nothing was to run. */
export const outcomes = [
  'answered',
  'drafted',
  'refused',
  'needs-approval',
  'needs-clarification',
  'abstained',
  'failed',
  'abandoned',
] as const
export type Outcome = (typeof outcomes)[number]

/** What the record may say of an entry: still open, ended, or lost in a crash. */
export const entryStates = ['open', ...outcomes, 'lost'] as const
export type EntryState = (typeof entryStates)[number]

/** Why rows are missing from an answer; null: all rows are there. */
export const truncations = ['row-cap', 'byte-cap'] as const
export type Truncation = (typeof truncations)[number]
