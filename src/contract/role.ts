import { z } from 'zod'
import type { Wire } from './wire.ts'
import { actorKinds, builtinRoles, surfaces, tenantVerbs, verbs } from '../domain/index.ts'
import { hoursShape } from './hours.ts'
import { keepableText, slugShape } from './text.ts'

/** All that are given must hold. */
const conditionsShape = z.strictObject({
  surfaces: z.array(z.enum(surfaces)).min(1).max(surfaces.length).optional(),
  kinds: z.array(z.enum(actorKinds)).min(1).max(actorKinds.length).optional(),
  hours: hoursShape.optional(),
})

const grantShape = z
  .strictObject({
    verbs: z.array(z.enum(verbs)).min(1).max(verbs.length),
    /** Names, ids, name patterns with `*`, or `label:NAME`; null: every connection. */
    connections: z.array(keepableText().min(1).max(200)).min(1).max(500).nullable().default(null),
    when: conditionsShape.default({}),
  })
  .refine(
    ({ verbs: given, connections }) => connections === null || !given.some((verb) => tenantVerbs.includes(verb)),
    `${tenantVerbs.join(', ')} are not about one connection: give them in a grant of their own, without connections`,
  )

export const roleGrantsShape = z.array(grantShape).max(100)

export const roleInputShape = z
  .strictObject({ description: keepableText().max(500).default(''), grants: roleGrantsShape.min(1) })
  .meta({ id: 'RoleFields' })
export type RoleInput = Wire<z.infer<typeof roleInputShape>>

/** What a role of the tenant's own may be called. */
export const newRoleNameShape = slugShape.refine((name) => !builtinRoles.some((role) => role === name), 'not the name of a built-in role')

export const roleShape = z
  .object({
    name: z.string(),
    description: z.string(),
    /** `builtin`: always there; `file`: declared in aishell.yaml; `api`: defined by an admin. */
    origin: z.enum(['builtin', 'file', 'api']),
    grants: roleGrantsShape,
  })
  .meta({ id: 'Role' })
export type RoleBody = Wire<z.infer<typeof roleShape>>
