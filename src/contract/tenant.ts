import { z } from 'zod'
import type { Wire } from './wire.ts'
import { keepableText } from './text.ts'

export const tenantStates = ['active', 'suspended'] as const

const quota = z.int().min(0).max(Number.MAX_SAFE_INTEGER).nullable().default(null)

/** What a tenant may use; null: as much as it likes. Days are UTC days. */
export const quotasShape = z
  .strictObject({
    questionsPerDay: quota,
    rowsPerDay: quota,
    modelTokensPerDay: quota,
    /** Answers under way at once, over all servers. */
    concurrentQuestions: quota,
  })
  .meta({ id: 'Quotas' })
export type QuotasBody = Wire<z.infer<typeof quotasShape>>

/** A DNS label, so that it can be the first part of a host name. */
export const tenantNameShape = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'lower-case letters, digits and inner dashes, 63 at most')

export const tenantInputShape = z
  .strictObject({
    name: tenantNameShape,
    quotas: quotasShape.prefault({}),
    /** Name of its first admin. */
    adminName: keepableText().min(1).max(80).default('admin'),
  })
  .meta({ id: 'TenantFields' })
export type TenantInput = Wire<z.input<typeof tenantInputShape>>

export const tenantShape = z
  .object({ id: z.string(), name: z.string(), state: z.enum(tenantStates), quotas: quotasShape, createdAt: z.string() })
  .meta({ id: 'Tenant' })
export type TenantBody = Wire<z.infer<typeof tenantShape>>

/** The token is its first admin's, shown this once. */
export const newTenantShape = tenantShape.extend({ adminToken: z.string() }).meta({ id: 'NewTenant' })
export type NewTenantBody = Wire<z.infer<typeof newTenantShape>>

/** A member of the tenant `default` who keeps tenants. */
export const operatorShape = z.object({ id: z.string(), name: z.string() }).meta({ id: 'Operator' })
export type OperatorBody = Wire<z.infer<typeof operatorShape>>

export const usageDayShape = z.object({ day: z.string(), questions: z.int(), rows: z.int(), modelTokens: z.int() }).meta({ id: 'UsageDay' })
export const usageShape = z
  .object({
    quotas: quotasShape,
    /** Answers under way in the server that was asked. */
    running: z.int(),
    /** Newest first; what the last second added may be missing where another server counted it. */
    days: z.array(usageDayShape),
  })
  .meta({ id: 'Usage' })
export type UsageBody = Wire<z.infer<typeof usageShape>>

export const erasureShape = z
  .object({
    kind: z.literal('tenant-erasure'),
    tenantId: z.string(),
    name: z.string(),
    erasedAt: z.string(),
    /** The member whose word it was. */
    by: z.string(),
    /** Rows removed, by table. */
    tables: z.record(z.string(), z.int()),
    /** Rows of the tenant that were found afterwards, in all tables. */
    left: z.int(),
    /** Where its record ended, and the key that checks its exports. */
    chain: z.object({ sequence: z.int(), mac: z.string(), digest: z.string(), publicKey: z.string() }).nullable(),
    /** Of the key that signed this proof. */
    keyId: z.string(),
  })
  .meta({ id: 'Erasure' })
export type ErasureBody = Wire<z.infer<typeof erasureShape>>

/** `proof` is the very text that `signature` (Ed25519, hex) is over; the operator's own tenant has the public key. */
export const erasureProofShape = z.object({ erasure: erasureShape, proof: z.string(), signature: z.string() }).meta({ id: 'ErasureProof' })
export type ErasureProofBody = Wire<z.infer<typeof erasureProofShape>>

export const tenantModelInputShape = z
  .strictObject({
    provider: z.enum(['ollama', 'anthropic', 'openai', 'openai-compatible']),
    model: keepableText().min(1).max(200),
    /** Operators only: an address our servers will call. */
    baseUrl: z
      .url({ protocol: /^https?$/ })
      .nullable()
      .default(null),
    /** Left out: the key that is saved stays. */
    apiKey: keepableText().min(1).max(500).optional(),
  })
  .meta({ id: 'TenantModelFields' })
export type TenantModelInput = Wire<z.infer<typeof tenantModelInputShape>>
export const tenantModelShape = z
  .object({ provider: z.string(), model: z.string(), baseUrl: z.string().nullable(), hasKey: z.boolean() })
  .meta({ id: 'TenantModel' })
export type TenantModelBody = Wire<z.infer<typeof tenantModelShape>>
