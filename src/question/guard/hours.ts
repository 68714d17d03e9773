import { isWithinHours, type Policy, type Reason } from '../../domain/index.ts'

/** The reason against running now; null: the clock has nothing against it. Not remembered with the verdict. */
export function hoursReason({ hours }: Policy, now: Date | undefined): Reason | null {
  if (hours === null || (now !== undefined && isWithinHours(hours, now))) return null
  return {
    code: 'guard.outside-hours',
    message: `Statements run on this connection from ${hours.from} to ${hours.to} (${hours.timeZone}) on days ${hours.days.join(', ')} of the week.`,
    hint: 'Ask again within these hours.',
  }
}
