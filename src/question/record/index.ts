// Takes actor, question, draft, verdict and outcome; gives links of a keyed chain, and proof that it is whole.
// The intent is durable before anything runs; the outcome follows, or a sweep says lost.
// Touches its own tables through store.
// Refuses to change an ended entry.
export type { AttemptFields, Intent, IntentFields, OutcomeFields, Record } from './record.ts'
export { createRecord, type RecordOptions } from './create-record.ts'
export { verifyExport } from './export-chain.ts'
export { verifyTrail, type TrailVerdict } from './verify-trail.ts'
export type { EntryFilter } from './entry-filter.ts'
