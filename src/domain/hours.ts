/** When something may be done, by the wall clock of `timeZone`. */
export interface Hours {
  /** 1 is Monday, 7 is Sunday. */
  readonly days: readonly number[]
  /** `HH:MM`, included; a `to` that is not after `from` lies on the next day. */
  readonly from: string
  /** `HH:MM`, excluded. */
  readonly to: string
  /** IANA name, as `Europe/Berlin`. */
  readonly timeZone: string
}

const dayNames = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

export function isWithinHours({ days, from, to, timeZone }: Hours, now: Date): boolean {
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
