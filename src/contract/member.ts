import { z } from 'zod'
import type { Wire } from './wire.ts'
import { keepableText, nameOrIdShape, slugShape } from './text.ts'

/** A person, or a service that is nobody's: it cannot sign in, admins make its tokens. */
export const memberKinds = ['person', 'service'] as const

const memberName = keepableText()
  .min(1)
  .max(80)
  .regex(/^\S(.*\S)?$/u, 'no blanks at the ends')
  .regex(/^[^\p{Cc}]*$/u, 'no control characters')

export const memberInputShape = z
  .strictObject({ name: memberName, kind: z.enum(memberKinds).default('person'), role: slugShape.default('reader') })
  .meta({ id: 'MemberFields' })
export type MemberInput = Wire<z.infer<typeof memberInputShape>>

/** What is left out stays as it is. */
export const memberChangeShape = z
  .strictObject({ name: memberName.optional(), role: slugShape.optional(), isDisabled: z.boolean().optional() })
  .meta({ id: 'MemberChange' })
export type MemberChange = Wire<z.infer<typeof memberChangeShape>>

export const memberShape = z
  .object({
    id: z.string(),
    name: z.string(),
    kind: z.enum(memberKinds),
    /** Their own role; groups may add more. */
    role: z.string(),
    groups: z.array(z.string()),
    isDisabled: z.boolean(),
    hasPassword: z.boolean(),
    /** Issuers of the identity providers they sign in with. */
    providers: z.array(z.string()),
    createdAt: z.string(),
  })
  .meta({ id: 'Member' })
export type MemberBody = Wire<z.infer<typeof memberShape>>

export const groupInputShape = z
  .strictObject({ description: keepableText().max(500).default(''), roles: z.array(slugShape).max(100).default([]) })
  .meta({ id: 'GroupFields' })
export type GroupInput = Wire<z.infer<typeof groupInputShape>>

export const groupShape = z
  .object({
    name: z.string(),
    description: z.string(),
    roles: z.array(z.string()),
    /** `oidc`: by the word of their identity provider, until the next sign-in says otherwise. */
    members: z.array(z.object({ id: z.string(), name: z.string(), origin: z.enum(['local', 'oidc']) })),
  })
  .meta({ id: 'Group' })
export type GroupBody = Wire<z.infer<typeof groupShape>>

export const groupMemberParams = z.strictObject({ name: slugShape, member: nameOrIdShape })

/** A link with which a member sets their password, once. */
export const invitationShape = z.object({ url: z.string(), expiresAt: z.string() }).meta({ id: 'Invitation' })
export type InvitationBody = Wire<z.infer<typeof invitationShape>>

/** Checked against the rules for passwords where it is set. */
export const newPasswordShape = z.strictObject({ password: keepableText().min(1).max(1024) }).meta({ id: 'NewPassword' })
