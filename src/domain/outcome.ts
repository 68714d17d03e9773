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

/** What long work is at: waiting for a lease, reading rows, changing them, making that last, or trying a write out. */
export const phases = ['queue', 'read', 'write', 'commit', 'dry-run'] as const
export type Phase = (typeof phases)[number]
