import type { Token } from './tokens.ts'

/** A span of days: `from` inclusive, `to` exclusive, ISO 8601; null: open. */
export interface Period {
  readonly from: string | null
  readonly to: string | null
  /** As the asker said it, for the assumption. */
  readonly said: string
}

export interface FoundPeriod {
  readonly period: Period
  readonly tokens: number
}

const months = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december']
const units: Readonly<Record<string, 'day' | 'week' | 'month' | 'quarter' | 'year'>> = {
  day: 'day',
  week: 'week',
  month: 'month',
  quarter: 'quarter',
  year: 'year',
}

/** Reads a period that begins at this token; `today` is the day "last month" is counted from. */
export function readPeriod(tokens: readonly Token[], at: number, today: string): FoundPeriod | null {
  const word = (offset: number): string => tokens[at + offset]?.lower ?? ''
  const said = (count: number): string =>
    tokens
      .slice(at, at + count)
      .map((token) => token.text)
      .join(' ')
  const found = (period: Omit<Period, 'said'>, count: number): FoundPeriod => ({ period: { ...period, said: said(count) }, tokens: count })
  if (word(0) === 'today') return found({ from: today, to: addDays(today, 1) }, 1)
  if (word(0) === 'yesterday') return found({ from: addDays(today, -1), to: today }, 1)
  const relative = readRelative(word, today)
  if (relative !== null) return found(relative.period, relative.count)
  const between = readBetween(tokens, at)
  if (between !== null) return found(between.period, between.count)
  const bounded = /^(since|after|before|until|till|from)$/.exec(word(0))?.[0]
  if (bounded !== undefined) {
    const skip = word(1) === 'the' ? 2 : 1
    const day = readDay(tokens, at + skip)
    return day === null ? null : found(bound(bounded, day), skip + day.count)
  }
  const lead = /^(in|during|of|on|for)$/.test(word(0)) ? 1 : 0
  const skip = lead === 1 && word(1) === 'the' ? 2 : lead
  const recent = /^(in|during|for)$/.test(word(0)) ? readMonth(word, skip, today) : null
  if (recent !== null) return found(monthFrom(recent), skip + 1)
  const yearSkip = word(skip) === 'year' ? skip + 1 : skip
  const day = readDay(tokens, at + yearSkip)
  if (day === null || (lead === 0 && day.isYear)) return null // a bare number may be anything
  const open = /^(or|and) (later|after|onwards?|before|earlier)$/.exec(
    `${word(yearSkip + day.count)} ${word(yearSkip + day.count + 1)}`,
  )?.[2]
  if (open === undefined) return found({ from: day.from, to: day.to }, yearSkip + day.count)
  const isLater = /^(later|after|onward)/.test(open)
  return found({ from: isLater ? day.from : null, to: isLater ? null : day.to }, yearSkip + day.count + 2)
}

/** "between 2009-01-01 and 2010-01-01", "from March 2024 to May 2024": both ends belong to it. */
function readBetween(tokens: readonly Token[], at: number): { readonly period: Omit<Period, 'said'>; readonly count: number } | null {
  const word = tokens[at]?.lower ?? ''
  if (word !== 'between' && word !== 'from') return null
  const first = readDay(tokens, at + 1)
  if (first === null) return null
  const joint = tokens[at + 1 + first.count]?.lower ?? ''
  const second = /^(and|to|till|until|through)$/.test(joint) ? readDay(tokens, at + 2 + first.count) : null
  // Two bare years may be any two numbers, unless a date's own word says otherwise.
  if (second === null || (word === 'between' && first.isYear && second.isYear)) return null
  return { period: { from: first.from, to: second.to }, count: 2 + first.count + second.count }
}

/** "in October", without a year: the last one that has begun. */
function readMonth(word: (offset: number) => string, at: number, today: string): string | null {
  const month = monthOf(word(at))
  if (month === 0 || isYear(word(at + 1)) || isYear(word(at + 2)) || readOrdinal(word(at + 1)) !== null) return null
  const year = Number(today.slice(0, 4)) - (month > Number(today.slice(5, 7)) ? 1 : 0)
  return `${year}-${pad(month)}-01`
}

function monthFrom(from: string): Omit<Period, 'said'> {
  return { from, to: shift(from, 'month', 1) }
}

function bound(word: string, day: Day): Omit<Period, 'said'> {
  if (word === 'since' || word === 'from') return { from: day.from, to: null }
  if (word === 'after') return { from: day.to, to: null }
  return { from: null, to: day.from }
}

function readRelative(
  word: (offset: number) => string,
  today: string,
): { readonly period: Omit<Period, 'said'>; readonly count: number } | null {
  let at = 0
  if (/^(in|during|over|for|within)$/.test(word(at))) at += 1
  if (word(at) === 'the') at += 1
  const which = word(at)
  if (!/^(last|past|previous|this|current)$/.test(which)) return null
  const month = readMonth(word, at + 1, which === 'this' || which === 'current' ? today : shift(today, 'month', -1))
  if (month !== null) return { period: monthFrom(month), count: at + 2 }
  const number = Number(word(at + 1)) || (wordNumbers[word(at + 1)] ?? 0)
  const unit = units[word(at + (number > 0 ? 2 : 1)).replace(/s$/, '')]
  if (unit === undefined) return null
  const count = at + (number > 0 ? 3 : 2)
  if (number > 0) return { period: { from: shift(today, unit, -number), to: addDays(today, 1) }, count: count + inclusive(word, count) }
  const start = startOf(today, unit)
  if (which === 'this' || which === 'current') return { period: { from: start, to: shift(start, unit, 1) }, count }
  return { period: { from: shift(start, unit, -1), to: start }, count }
}

/** "… inclusive of today's date", "… including today": it is. */
function inclusive(word: (offset: number) => string, at: number): number {
  const skip = word(at) === 'including' ? 1 : word(at) === 'inclusive' && word(at + 1) === 'of' ? 2 : 0
  if (skip === 0 || !/^today/.test(word(at + skip))) return 0
  return skip + (word(at + skip + 1) === 'date' ? 2 : 1)
}

const wordNumbers: Readonly<Record<string, number>> = {
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  ten: 10,
  twelve: 12,
  thirty: 30,
  ninety: 90,
}

interface Day {
  readonly from: string
  readonly to: string
  readonly count: number
  readonly isYear: boolean
}

/** A day, a month, a quarter or a year: `2002-06-21`, `June 21, 2002`, `7th September 1987`, `March 2024`, `Q1 2024`, `2024`. */
function readDay(tokens: readonly Token[], at: number): Day | null {
  const word = (offset: number): string => tokens[at + offset]?.lower ?? ''
  const iso = /^\d{4}-\d{2}-\d{2}$/.exec(word(0))?.[0]
  if (iso !== undefined) return isDate(iso) ? { from: iso, to: addDays(iso, 1), count: 1, isYear: false } : null
  const quarter = /^q([1-4])$/.exec(word(0))?.[1]
  if (quarter !== undefined && isYear(word(1))) {
    const from = `${word(1)}-${pad(Number(quarter) * 3 - 2)}-01`
    return { from, to: shift(from, 'month', 3), count: 2, isYear: false }
  }
  const dayFirst = readOrdinal(word(0))
  if (dayFirst !== null) {
    const skip = word(1) === 'of' ? 2 : 1
    const month = monthOf(word(skip))
    return month === 0 || !isYear(word(skip + 1)) ? null : dayOf(word(skip + 1), month, dayFirst, skip + 2)
  }
  const ordinal = /^(first|second|third|fourth)$/.exec(word(0))?.[0]
  if (ordinal !== undefined && word(1) === 'quarter') {
    const skip = word(2) === 'of' ? 3 : 2
    if (!isYear(word(skip))) return null
    const from = `${word(skip)}-${pad(['first', 'second', 'third', 'fourth'].indexOf(ordinal) * 3 + 1)}-01`
    return { from, to: shift(from, 'month', 3), count: skip + 1, isYear: false }
  }
  const month = monthOf(word(0))
  if (month > 0) {
    const day = readOrdinal(word(1))
    if (day !== null && isYear(word(2))) return dayOf(word(2), month, day, 3)
    const skip = word(1) === 'of' ? 2 : 1
    if (!isYear(word(skip))) return null
    const from = `${word(skip)}-${pad(month)}-01`
    return { from, to: shift(from, 'month', 1), count: skip + 1, isYear: false }
  }
  return isYear(word(0)) ? { from: `${word(0)}-01-01`, to: `${Number(word(0)) + 1}-01-01`, count: 1, isYear: true } : null
}

function dayOf(year: string, month: number, day: number, count: number): Day | null {
  const from = `${year}-${pad(month)}-${pad(day)}`
  return isDate(from) ? { from, to: addDays(from, 1), count, isYear: false } : null
}

function readOrdinal(word: string): number | null {
  const number = /^(\d{1,2})(st|nd|rd|th)?$/.exec(word)?.[1]
  return number === undefined || Number(number) < 1 || Number(number) > 31 ? null : Number(number)
}

function monthOf(word: string): number {
  return word.length < 3 || word === 'may'
    ? word === 'may'
      ? 5
      : 0
    : months.findIndex((month) => month === word || (word.length <= 4 && month.startsWith(word.slice(0, 3)))) + 1
}

function isYear(word: string): boolean {
  return /^(1[89]|20)\d{2}$/.test(word)
}

function isDate(iso: string): boolean {
  return !Number.isNaN(Date.parse(iso)) && new Date(iso).toISOString().startsWith(iso)
}

function pad(number: number): string {
  return String(number).padStart(2, '0')
}

function addDays(iso: string, days: number): string {
  return new Date(Date.parse(iso) + days * 86_400_000).toISOString().slice(0, 10)
}

function startOf(iso: string, unit: 'day' | 'week' | 'month' | 'quarter' | 'year'): string {
  const [year = '', month = ''] = iso.split('-')
  switch (unit) {
    case 'year':
      return `${year}-01-01`
    case 'quarter':
      return `${year}-${pad(Math.floor((Number(month) - 1) / 3) * 3 + 1)}-01`
    case 'month':
      return `${year}-${month}-01`
    case 'week':
      return addDays(iso, -((new Date(iso).getUTCDay() + 6) % 7)) // weeks begin on Monday (ISO 8601)
    case 'day':
      return iso
  }
}

function shift(iso: string, unit: 'day' | 'week' | 'month' | 'quarter' | 'year', by: number): string {
  if (unit === 'day') return addDays(iso, by)
  if (unit === 'week') return addDays(iso, 7 * by)
  const [year = 0, month = 1, day = 1] = iso.split('-').map(Number)
  const whole = year * 12 + (month - 1) + by * (unit === 'year' ? 12 : unit === 'quarter' ? 3 : 1)
  const lastDay = new Date(Date.UTC(Math.floor(whole / 12), (whole % 12) + 1, 0)).getUTCDate()
  return `${Math.floor(whole / 12)}-${pad((whole % 12) + 1)}-${pad(Math.min(day, lastDay))}`
}
