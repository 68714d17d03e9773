import type { Hours, Policy, Reason } from '../../domain/index.ts'

/** The reason against running now; null: the clock has nothing against it. Not remembered with the verdict. */
export function hoursReason({ hours }: Policy, now: Date | undefined): Reason | null {
  if (hours === null || (now !== undefined && isWithin(hours, now))) return null
  return {
    code: 'guard.outside-hours',
    message: `Statements run on this connection from ${hours.from} to ${hours.to} (${hours.timeZone}) on days ${hours.days.join(', ')} of the week.`,
    hint: 'Ask again within these hours.',
  }
}

const dayNames = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

function isWithin({ days, from, to, timeZone }: Hours, now: Date): boolean {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
    .formatToParts(now)
    .map((part) => [part.type, part.value] as const)
  const { weekday = '', hour = '', minute = '' } = Object.fromEntries(parts) as Record<string, string | undefined>
  const day = dayNames.indexOf(weekday) + 1
  const time = `${hour}:${minute}`
  if (from < to) return days.includes(day) && time >= from && time < to
  // Over midnight: the evening belongs to the day, the early morning to the day before.
  return (days.includes(day) && time >= from) || (days.includes(day === 1 ? 7 : day - 1) && time < to)
}
