import type { Aggregate, Comparison } from './plan.ts'

/** Words between two mentions, lower case, joined by blanks. All patterns look at such stretches. */

export function comparisonIn(before: string, after: string): Comparison {
  const isNegated = /\b(not|no)\b/.test(before)
  if (/\b(greater|more|larger|higher|above|over|on) (than )?(or|and) (equal( to)?|above|over|more)( than)?$/.test(before)) return '>='
  if (/\b(less|fewer|smaller|lower|below|under) (than )?or (equal( to)?|below|under|less)( than)?$/.test(before)) return '<='
  if (/^(or|and) (more|greater|higher|above|over|older|later|larger|longer)\b(?! than)/.test(after)) return '>='
  if (/^(or|and) (less|fewer|lower|below|under|younger|earlier|smaller)\b(?! than)/.test(after)) return '<='
  if (/\b(at least|no less than|no fewer than|not less than|minimum of|>=)\s*$|\bat least\b/.test(before)) return '>='
  if (/\b(at most|no more than|not more than|up to|maximum of|<=)\s*$|\bat most\b/.test(before)) return '<='
  if (
    /\b(more|greater|larger|higher|bigger|older|longer|later|heavier|taller|above|over|exceeds?|exceeding|beyond|outnumber|after|>)\b|>\s*$/.test(
      before,
    )
  )
    return isNegated ? '<=' : '>'
  if (/\b(less|fewer|smaller|lower|younger|shorter|earlier|cheaper|below|under|before|<)\b|<\s*$/.test(before))
    return isNegated ? '>=' : '<'
  if (/\b(not|outside|except|excluding|other than|different from|!=)\b/.test(before)) return '<>'
  return '='
}

/** The text pattern a word such as "contain" makes of a value. */
export function likePattern(before: string, after: string, value: string): string | null {
  const stretch = `${before} | ${after}`
  if (/\b(start|starts|starting|begin|begins|beginning)\b/.test(stretch)) return `${value}%`
  if (/\b(end|ends|ending)\b/.test(stretch)) return `%${value}`
  if (/\b(contain|contains|containing|include|includes|including|substring|word|letter|letters|phrase|like|string)\b/.test(before))
    return `%${value}%`
  return null
}

const aggregateWords: readonly (readonly [RegExp, Aggregate])[] = [
  [/\b(average|mean|avg|typical)( of)?( the| all)*( number of)?$/, 'avg'],
  [/\b(total|sum|combined|overall)( of)?( the| all)*( number of)?$/, 'sum'],
  [/\b(maximum|max)( of)?( the| all)*( number of)?$/, 'max'],
  [/\b(minimum|min)( of)?( the| all)*( number of)?$/, 'min'],
]

export function aggregateIn(before: string): Aggregate | null {
  return aggregateWords.find(([pattern]) => pattern.test(before))?.[1] ?? null
}

/** All aggregate words of a list such as "average, minimum and maximum". */
export function aggregatesIn(before: string): Aggregate[] {
  const list =
    /((average|mean|avg|total|sum|maximum|max|minimum|min|largest|smallest|highest|lowest)( and)?( the)?\s*)+(number of( the)?)?$/.exec(
      before,
    )?.[0] ?? ''
  const byWord: Readonly<Record<string, Aggregate>> = {
    average: 'avg',
    mean: 'avg',
    avg: 'avg',
    total: 'sum',
    sum: 'sum',
    maximum: 'max',
    max: 'max',
    minimum: 'min',
    min: 'min',
    largest: 'max',
    highest: 'max',
    smallest: 'min',
    lowest: 'min',
  }
  return list.split(/\s+/).flatMap((word) => byWord[word] ?? [])
}

export type Superlative = 'most' | 'least'

const superlatives: Readonly<Record<string, Superlative>> = {
  most: 'most',
  highest: 'most',
  largest: 'most',
  biggest: 'most',
  greatest: 'most',
  longest: 'most',
  maximum: 'most',
  max: 'most',
  top: 'most',
  best: 'most',
  heaviest: 'most',
  tallest: 'most',
  least: 'least',
  lowest: 'least',
  smallest: 'least',
  fewest: 'least',
  shortest: 'least',
  minimum: 'least',
  min: 'least',
  bottom: 'least',
  lightest: 'least',
  worst: 'least',
}

export function superlativeOf(word: string): Superlative | null {
  return superlatives[word] ?? null
}

/** Superlatives that name what they measure. */
export const timeSuperlatives: Readonly<Record<string, Superlative>> = {
  latest: 'most',
  newest: 'most',
  recent: 'most',
  recently: 'most',
  earliest: 'least',
  oldest: 'least',
  youngest: 'most',
  first: 'least',
  last: 'most',
}
/** What AI-Shell does not do, or no database can tell. */
export const unanswerable: readonly (readonly [RegExp, string])[] = [
  [
    /^\s*(please )?(delete|remove|drop|update|insert|change|set|create|truncate|alter|rename|add|grant|erase|cancel|fix|modify)\b/i,
    'That would change the database; questions only read it.',
  ],
  [
    /^\s*(why|how come|should|would|could|do you think|what do you think|can you explain why|how do i|how can i|how should)\b/i,
    'The data tells what is recorded, not why, nor what to do.',
  ],
  [
    /\b(predict|forecast|will be|next (year|month|quarter|week)|in the future|tomorrow|going to)\b/i,
    'The data holds what has happened, not what will.',
  ],
  [/\bwill\b/, 'The data holds what has happened, not what will.'],
  [/\b(weather|stock price|competitor|news|opinion|recommend|suggest)\w*\b/i, 'Nothing of that is in this database.'],
]
