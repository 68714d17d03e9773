import { z } from 'zod'
import type { Wire } from './wire.ts'
import { keepableText } from './text.ts'

export const signInShape = z
  .strictObject({ name: keepableText().min(1).max(200), password: keepableText().min(1).max(1024) })
  .meta({ id: 'SignIn' })

export const signOutShape = z.strictObject({ everywhere: z.boolean().default(false) }).meta({ id: 'SignOut' })

export const passwordChangeShape = z
  .strictObject({ current: keepableText().min(1).max(1024), password: keepableText().min(1).max(1024) })
  .meta({ id: 'PasswordChange' })

export const sessionShape = z
  .object({
    id: z.string(),
    method: z.enum(['password', 'invitation', 'oidc']),
    client: z.string(),
    isCurrent: z.boolean(),
    createdAt: z.string(),
    seenAt: z.string(),
    expiresAt: z.string(),
  })
  .meta({ id: 'Session' })
export type SessionBody = Wire<z.infer<typeof sessionShape>>

/** A signed token for some minutes, made from a session. */
export const accessTokenShape = z.object({ accessToken: z.string(), expiresAt: z.string() }).meta({ id: 'AccessToken' })
export type AccessTokenBody = Wire<z.infer<typeof accessTokenShape>>

export const jwksShape = z.object({ keys: z.array(z.record(z.string(), z.unknown())) }).meta({ id: 'PublicKeys' })

export const deviceLoginInputShape = z
  .strictObject({
    /** What the person will read when asked to confirm, e.g. the machine's name. */
    client: keepableText().min(1).max(80),
  })
  .meta({ id: 'DeviceLoginFields' })

export const deviceLoginShape = z
  .object({
    deviceCode: z.string(),
    userCode: z.string(),
    /** Where the person types the code; `verificationUriComplete` has it filled in. */
    verificationUri: z.string(),
    verificationUriComplete: z.string(),
    expiresInS: z.int(),
    /** Poll no faster than this. */
    intervalS: z.int(),
  })
  .meta({ id: 'DeviceLogin' })
export type DeviceLoginBody = Wire<z.infer<typeof deviceLoginShape>>

export const deviceCodeShape = z.strictObject({ deviceCode: keepableText().min(1).max(300) }).meta({ id: 'DeviceCode' })

export const devicePollShape = z
  .object({
    state: z.enum(['pending', 'slow-down', 'denied', 'expired', 'confirmed']),
    /** Wait this long before asking again. */
    intervalS: z.int(),
    /** Only when confirmed, and only once. */
    token: z.string().nullable(),
    expiresAt: z.string().nullable(),
  })
  .meta({ id: 'DevicePoll' })
export type DevicePollBody = Wire<z.infer<typeof devicePollShape>>
