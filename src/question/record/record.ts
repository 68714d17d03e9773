import type { Actor, Draft, EntryState, Question, Scope, Truncation, Verdict } from '../../domain/index.ts'
import type { EntryBody, EntryFormat, Verification } from '../../contract/index.ts'
import type { EntryFilter, ListOptions } from './entry-filter.ts'
import type { Checkpoint } from './signed-statement.ts'

/** What is known when an intent opens. */
export interface IntentFields {
  readonly question: Question
  /** Id of the connection, or the name asked for when it is not known yet. */
  readonly connection: string
  /** What was drafted and judged already, where that had no effect (SQL by hand): one link instead of two. */
  readonly firstAttempt: AttemptFields | null
  /** Another person's consent that it runs by. */
  readonly approval?: { readonly id: string; readonly hash: string; readonly approverId: string; readonly approver: string }
}

/** An open entry: the promise that an outcome will follow, or that a sweep will say `lost`. */
export interface Intent {
  /** The question's id. */
  readonly entryId: string
}

/** One attempt inside an answer: what was drafted and what the guard said, written before anything runs. */
export interface AttemptFields {
  readonly attempt: number
  readonly draft: Draft
  readonly verdict: Verdict | null
  /** Digest of the catalog view the drafter saw. */
  readonly contextDigest: string | null
}

export interface OutcomeFields {
  readonly state: Exclude<EntryState, 'open' | 'lost'>
  readonly failureCode: string | null
  readonly rows: number
  /** Of a write that was committed, where the database tells. */
  readonly affectedRows?: number
  readonly bytes: number
  /** SHA-256 over the cells handed on, hex; null when nothing ran. */
  readonly resultDigest: string | null
  readonly truncated: Truncation | null
  readonly timings: { readonly askMs: number; readonly guardMs: number; readonly runMs: number; readonly totalMs: number }
}

/** A member as the record may speak of them. */
export interface NamedMember {
  readonly id: string
  readonly name: string
}

/** The tamper-evident trail: links of intent, attempt and outcome, chained per tenant by keyed MACs. */
export interface Record {
  /** Durable when it resolves. Throws `record.unavailable`: then nothing may run. */
  begin(actor: Actor, fields: IntentFields): Promise<Intent>
  /** Durable when it resolves; called before the statement runs. */
  attempt(actor: Actor, intent: Intent, fields: AttemptFields): Promise<void>
  /** Once per intent; a second call throws `record.already-ended`. */
  end(actor: Actor, intent: Intent, fields: OutcomeFields): Promise<void>
  /** An action that is no question: a token made, a connection changed. */
  note(actor: Actor, action: string, subject: string): Promise<void>
  list(scope: Scope, options: ListOptions): Promise<{ readonly items: readonly EntryBody[]; readonly next: string | null }>
  /** Entries that fit, oldest first, as lines of a file; `after` is the `sequence` of the last one somebody has. */
  exportEntries(scope: Scope, format: EntryFormat, filter: EntryFilter & { readonly after?: string }): AsyncIterable<string>
  get(scope: Scope, entryId: string): Promise<EntryBody>
  /** The bodies of all links of a member's entries, then of notes by or about them. */
  ofMember(scope: Scope, member: NamedMember): AsyncIterable<object>
  /** How many entries name the member as the one who asked. */
  entriesOf(scope: Scope, memberId: string): Promise<number>
  verify(scope: Scope): Promise<Verification>
  /** 32 bytes that check this tenant's exports offline; for admins only: with it a chain could be forged too. */
  auditKey(scope: Scope): Promise<Uint8Array>
  /** Checks everything `export` gives, with nothing secret: `verifyTrail`, and the stand-alone bin/verify-trail.mjs. PEM. */
  publicKey(scope: Scope): Promise<{ readonly keyId: string; readonly publicKey: string }>
  /** Signs the head if the chain has grown, and brings it outside; null: it has not. Throws `record.not-signed`. */
  checkpoint(scope: Scope): Promise<Checkpoint | null>
  /** Removes links older than `before` under a signed tombstone; gives how many. Throws `record.not-signed`. */
  retain(scope: Scope, before: Date, by: string): Promise<number>
  /** Checkpoints, and retention where there is one, for every tenant that needs it. What fails is observed and tried again next time. */
  keep(retentionDays: number | null): Promise<void>
  /** NDJSON lines of the whole chain, last line a signed head; `verifyExport` checks them without a store. */
  export(scope: Scope): AsyncIterable<string>
  /** Marks intents as `lost` whose server is gone; gives how many. */
  sweepLost(): Promise<number>
  close(): Promise<void>
}
