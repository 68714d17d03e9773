import { z } from 'zod'

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time as HH:MM')

/** When something may be done; a `to` that is not after `from` lies on the next day. */
export const hoursShape = z.strictObject({
  /** 1 is Monday, 7 is Sunday. */
  days: z.array(z.int().min(1).max(7)).min(1).default([1, 2, 3, 4, 5, 6, 7]),
  from: timeOfDay.default('00:00'),
  to: timeOfDay.default('00:00'),
  timeZone: z.string().max(60).refine(isTimeZone, 'a time zone, as Europe/Berlin').default('UTC'),
})

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
