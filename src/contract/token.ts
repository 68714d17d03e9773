import { z } from 'zod'
import type { Wire } from './wire.ts'
import { actorKinds, verbs } from '../domain/index.ts'
import { keepableText, nameOrIdShape, slugShape } from './text.ts'

export const tokenInputShape = z
  .strictObject({
    name: keepableText().min(1).max(80),
    /** Narrows the token to one of your roles, or to a weaker built-in one. Left out: all your roles. */
    role: slugShape.optional(),
    kind: z.enum(actorKinds).default('person'),
    verbs: z.array(z.enum(verbs)).min(1).optional(),
    connections: z.array(nameOrIdShape).min(1).max(500).optional(),
    /** A service whose token it is to be, by id or name; for those who manage members. */
    member: nameOrIdShape.optional(),
    /** Days until it expires. */
    expiresInDays: z.int().min(1).max(366).default(90),
  })
  .meta({ id: 'TokenFields' })
export type TokenInput = Wire<z.infer<typeof tokenInputShape>>

export const tokenShape = z
  .object({
    id: z.string(),
    name: z.string(),
    memberId: z.string(),
    /** null: all roles the member has when it is used. */
    role: z.string().nullable(),
    kind: z.enum(actorKinds),
    verbs: z.array(z.enum(verbs)).nullable(),
    connections: z.array(z.string()).nullable(),
    createdAt: z.string(),
    expiresAt: z.string(),
    lastUsedAt: z.string().nullable(),
    revokedAt: z.string().nullable(),
  })
  .meta({ id: 'Token' })
export type TokenBody = Wire<z.infer<typeof tokenShape>>

/** Shown once, when a token is made. */
export const newTokenShape = tokenShape.extend({ token: z.string() }).meta({ id: 'NewToken' })

export const whoamiShape = z
  .object({
    tenantId: z.string(),
    memberId: z.string(),
    name: z.string(),
    kind: z.enum(actorKinds),
    /** Of the built-in roles the strongest, then those of the tenant’s own. */
    roles: z.array(z.string()),
    /** What you may do, if perhaps on few connections. */
    verbs: z.array(z.enum(verbs)),
    connections: z.array(z.string()).nullable(),
  })
  .meta({ id: 'Whoami' })
export type WhoamiBody = Wire<z.infer<typeof whoamiShape>>

export * from './tenant.ts' // beside the tokens that choose one
