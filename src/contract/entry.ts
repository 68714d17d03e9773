import { z } from 'zod'
import type { Wire } from './wire.ts'
import { actorKinds, drafters, entryStates, surfaces } from '../domain/index.ts'
import { reasonShape } from './answer.ts'
import { keepableText, nameOrIdShape } from './text.ts'

/** One line of the record: who asked what, what was decided, how it ended. */
export const entryShape = z
  .object({
    id: z.string(),
    /** Place of the intent in its tenant's chain, from 1. */
    sequence: z.int(),
    actor: z.object({
      memberId: z.string(),
      name: z.string(),
      kind: z.enum(actorKinds),
      surface: z.enum(surfaces),
      tokenId: z.string().nullable(),
    }),
    connection: z.string(),
    question: z.string().nullable(),
    drafter: z.enum(drafters).nullable(),
    model: z.string().nullable(),
    sql: z.string().nullable(),
    decision: z.string().nullable(),
    class: z.string().nullable(),
    reasons: z.array(reasonShape),
    state: z.enum(entryStates),
    failureCode: z.string().nullable(),
    rows: z.number().nullable(),
    /** Of a write that was committed. */
    affectedRows: z.number().optional(),
    /** Another person's consent that it ran by. */
    approval: z.object({ id: z.string(), hash: z.string(), approverId: z.string(), approver: z.string() }).optional(),
    bytes: z.number().nullable(),
    truncated: z.string().nullable(),
    startedAt: z.string(),
    endedAt: z.string().nullable(),
    timings: z.record(z.string(), z.number()).nullable(),
  })
  .meta({ id: 'Entry' })
export type EntryBody = Wire<z.infer<typeof entryShape>>

export const entryQueryShape = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  after: keepableText().min(1).max(200).optional(),
  /** Only entries of this connection. */
  connection: nameOrIdShape.optional(),
  /** Started at or after this time, ISO 8601. */
  from: z.iso.datetime({ offset: true }).optional(),
  /** Started before this time. */
  to: z.iso.datetime({ offset: true }).optional(),
  /** Stands in the question or the statement; letter case does not count. */
  text: keepableText().min(1).max(200).optional(),
  /** How it ended. */
  state: z.enum(entryStates).optional(),
  /** Only entries of this member; others than one's own need the right to read the audit. */
  member: z.guid().optional(),
})

export const entryFormats = ['ndjson', 'csv', 'cef', 'ocsf'] as const
export type EntryFormat = (typeof entryFormats)[number]

/** `chain` is the whole record, for verification; the others are entries, for people and a SIEM, oldest first. */
export const exportQueryShape = entryQueryShape.omit({ limit: true, after: true }).extend({
  format: z.enum(['chain', ...entryFormats]).default('chain'),
  /** Only entries behind this `sequence`: the last one you have. */
  after: z
    .string()
    .regex(/^\d{1,16}$/)
    .optional(),
})

export type ExportQuery = z.infer<typeof exportQueryShape>

/** A page of anything; `next` goes into `?after=` and is null on the last page. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), next: z.string().nullable() })
}

export const verificationShape = z
  .object({
    isIntact: z.boolean(),
    /** Links checked: intents and outcomes together. */
    checked: z.int(),
    openIntents: z.int(),
    lostIntents: z.int(),
    head: z.object({ sequence: z.int(), mac: z.string() }).nullable(),
    findings: z.array(z.object({ sequence: z.int().nullable(), code: z.string(), message: z.string() })),
  })
  .meta({ id: 'Verification' })
export type Verification = Wire<z.infer<typeof verificationShape>>

/** Checks an export's MACs; whoever holds it could forge them too. */
export const auditKeyShape = z
  .object({
    tenantId: z.string(),
    /** 32 bytes, hex. */
    key: z.string(),
  })
  .meta({ id: 'AuditKey' })
export type AuditKeyBody = Wire<z.infer<typeof auditKeyShape>>

/** Checks exports and checkpoints of the tenant's record; nothing secret. */
export const publicKeyShape = z
  .object({
    tenantId: z.string(),
    algorithm: z.literal('Ed25519'),
    /** The first 16 hex digits of SHA-256 over the key's SPKI bytes. */
    keyId: z.string(),
    /** PEM, SPKI. */
    publicKey: z.string(),
  })
  .meta({ id: 'AuditPublicKey' })
export type PublicKeyBody = Wire<z.infer<typeof publicKeyShape>>

export const checkpointShape = z
  .object({
    /** Where the chain's last signed head is; null: the chain is empty. */
    sequence: z.int().nullable(),
    /** false: nothing was written since the last one. */
    isNew: z.boolean(),
  })
  .meta({ id: 'Checkpoint' })
export type CheckpointBody = Wire<z.infer<typeof checkpointShape>>

export const retainInputShape = z
  .strictObject({
    /** Links older than this are removed where their entries have ended; ISO 8601, not in the future. */
    before: z.iso.datetime({ offset: true }),
  })
  .meta({ id: 'Retention' })
export const retainedShape = z.object({ removed: z.int() }).meta({ id: 'Retained' })
