import { z } from 'zod'
import type { Wire } from './wire.ts'
import { dialects, disclosures } from '../domain/index.ts'
import { hoursShape } from './hours.ts'
import { writePolicyFields } from './write-policy.ts'
import { limitsShape } from './limits.ts'
import { attributeRuleShape, filterRuleShape, maskRuleShape, patternShape } from './masking.ts'
import { keepableText, slugShape } from './text.ts'

const name = z
  .string()
  .min(1)
  .max(80)
  .regex(/^[a-z0-9][a-z0-9._-]*$/i, 'a letter or digit, then letters, digits, dots, dashes or underscores')

/** A database user. `password` goes in and never comes out. */
const signIn = {
  user: keepableText().min(1).max(128),
  password: keepableText().max(1024).optional(),
  /** Where the password is, in place of one: `env:NAME` or `file:/path`, as the operator allows. Looked up at each sign-in. */
  passwordFrom: z
    .string()
    .regex(/^(env:[A-Za-z_][A-Za-z0-9_]{0,127}|file:\/[^\p{Cc}]{1,1000})$/u, '`env:NAME` or `file:/path`')
    .optional(),
}
/** Signs in for approved writes and their dry runs, so that the other user need not be able to write. */
export const writerShape = z.strictObject(signIn)

/** Where a database is and how to sign in. */
export const postgresTargetShape = z.strictObject({
  host: keepableText().min(1).max(255),
  port: z.int().min(1).max(65535).default(5432),
  database: keepableText().min(1).max(128),
  ...signIn,
  sslmode: z.enum(['disable', 'require', 'verify-full']).default('require'),
  /** null: approved writes run as the same user. Left out of a change: as it was. */
  writer: writerShape.nullable().optional(),
})
/** MySQL and MariaDB: the same, at their own port. */
export const mysqlTargetShape = postgresTargetShape.extend({ port: z.int().min(1).max(65535).default(3306) })
export const sqliteTargetShape = z.strictObject({
  /** A file on the server's disk, inside a directory the operator has opened. */
  file: keepableText().min(1).max(1024),
})

const saved = {
  name,
  description: keepableText().max(500).default(''),
  /** Roles may be given rights by label. */
  labels: z.array(slugShape).max(20).optional(),
}
export const connectionInputShape = z
  .discriminatedUnion('engine', [
    z.strictObject({ ...saved, engine: z.literal('postgres'), target: postgresTargetShape }),
    z.strictObject({ ...saved, engine: z.enum(['mysql', 'mariadb']), target: mysqlTargetShape }),
    z.strictObject({ ...saved, engine: z.literal('sqlite'), target: sqliteTargetShape }),
  ])
  .meta({ id: 'ConnectionFields' })
export type ConnectionInput = Wire<z.infer<typeof connectionInputShape>>
/** A connection to a server, signed in to with a user. */
export type ServerConnectionInput = Exclude<ConnectionInput, { engine: 'sqlite' }>

const shownTargetShape = postgresTargetShape.omit({ password: true }).extend({ writer: writerShape.omit({ password: true }).optional() })

/** A saved connection as people may see it: no password. */
export const connectionShape = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    labels: z.array(z.string()),
    engine: z.enum(dialects),
    target: z.union([shownTargetShape, sqliteTargetShape]).nullable(),
    /** `api`: saved by a person; `file`: declared in aishell.yaml; `cluster`: from a labelled Secret; `demo`: came with the server. */
    origin: z.enum(['api', 'file', 'cluster', 'demo']),
    createdAt: z.string(),
    updatedAt: z.string(),
  })
  .meta({ id: 'Connection' })
export type ConnectionBody = Wire<z.infer<typeof connectionShape>>

/** What one database user could do if every other layer failed. */
const userReportShape = z
  .object({
    isReachable: z.boolean(),
    serverVersion: z.string(),
    databaseUser: z.string(),
    /** `least`: it can do what it is for, reading or, for a writer, changing rows; `excess`: more than that. */
    level: z.enum(['least', 'excess']),
    findings: z.array(z.object({ code: z.string(), message: z.string() })),
    /** SQL an administrator can run to make a fitting user; null when there is nothing to mend. */
    script: z.string().nullable(),
    elapsedMs: z.number(),
  })
  .meta({ id: 'DatabaseUserReport' })
export type DatabaseUserReport = Wire<z.infer<typeof userReportShape>>

/** The user that reads and, where approved writes run as another one, that one. */
export const privilegeReportShape = userReportShape.extend({ writer: userReportShape.nullable() }).meta({ id: 'PrivilegeReport' })
export type PrivilegeReport = Wire<z.infer<typeof privilegeReportShape>>

const costBoundShape = z.strictObject({
  cost: z.number().min(0).nullable().default(null),
  rows: z.number().min(0).nullable().default(null),
})
const costGateShape = z.strictObject({
  confirmOver: costBoundShape.default({ cost: null, rows: null }),
  refuseOver: costBoundShape.default({ cost: null, rows: null }),
})

export const policyShape = z
  .strictObject({
    disclosure: z.enum(disclosures).default('statistics'),
    frozen: z.boolean().default(false),
    rules: z
      .array(
        z.strictObject({
          effect: z.enum(['allow', 'deny']),
          roles: z.array(slugShape).max(100).default([]),
          tables: z.array(patternShape).min(1).max(500),
          columns: z.array(patternShape).max(500).default([]),
        }),
      )
      .max(500)
      .default([]),
    masks: z.array(maskRuleShape).max(500).default([]),
    filters: z.array(filterRuleShape).max(500).default([]),
    attributes: z.array(attributeRuleShape).max(500).default([]),
    safeFunctions: z.array(patternShape).max(500).default([]),
    ...writePolicyFields(patternShape),
    /** Estimates of EXPLAIN over which a read needs an approval, or is refused; null: no gate. */
    costGate: costGateShape.nullable().default(null),
    /** When statements may run; null: at any time. */
    hours: hoursShape.nullable().default(null),
    defaults: limitsShape.default({}),
    ceiling: limitsShape.default({}),
  })
  .meta({ id: 'Policy' })
export type PolicyBody = Wire<z.infer<typeof policyShape>>
