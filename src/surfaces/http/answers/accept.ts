import { ShellError } from '../../../domain/index.ts'

export const answerTypes = ['text/event-stream', 'application/json', 'text/csv', 'application/x-ndjson'] as const
export type AnswerType = (typeof answerTypes)[number]

/** What an answer is given as (RFC 9110 §12.5.1): the best of `Accept`, ties in the order above, everything means a stream. */
export function answerTypeOf(accept: string | undefined): AnswerType {
  if (accept === undefined || accept === '') return 'text/event-stream'
  const exact = answerTypes.find((type) => type === accept)
  if (exact !== undefined) return exact
  const ranges = accept.split(',').map(parseRange)
  const ranked = answerTypes.map((type) => ({ type, quality: qualityOf(type, ranges) })).sort((a, b) => b.quality - a.quality)
  const best = ranked[0]
  if (best !== undefined && best.quality > 0) return best.type
  throw new ShellError({
    code: 'http.not-acceptable',
    kind: 'invalid',
    message: 'An answer cannot be given as any type that `accept` names.',
    hint: `Accept one of ${answerTypes.join(', ')}.`,
  })
}

interface Range {
  readonly type: string
  readonly quality: number
}

function parseRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const quality = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1)
  return { type, quality: Number.isFinite(quality) ? quality : 0 }
}

/** The most exact range that covers the type decides. */
function qualityOf(type: AnswerType, ranges: readonly Range[]): number {
  const family = `${type.slice(0, type.indexOf('/'))}/*`
  for (const name of [type, family, '*/*']) {
    const range = ranges.find((candidate) => candidate.type === name)
    if (range !== undefined) return range.quality
  }
  return 0
}
