import { z } from 'zod'

/** Text that can be kept and looked up everywhere: no NUL, which PostgreSQL cannot store, and no half of a surrogate pair. */
export function keepableText(): z.ZodString {
  // oxlint-disable-next-line no-control-regex -- NUL is what it keeps out
  return z.string().regex(/^[^\u0000\ud800-\udfff]*$/u, 'no NUL characters, and well-formed Unicode')
}

/** How roles, groups and labels are called. */
export const slugShape = z
  .string()
  .max(63)
  .regex(/^[a-z][a-z0-9-]*$/, 'a lower-case letter, then lower-case letters, digits or dashes')

/** Name or id of something kept. */
export const nameOrIdShape = keepableText().min(1).max(200)
