import { isFiller, root, stem } from '../words.ts'

export interface Token {
  /** As written; the inside of quotes for a quoted text. */
  readonly text: string
  readonly lower: string
  readonly stem: string
  readonly root: string
  readonly isQuoted: boolean
  /** A number or a number word; null for the rest. */
  readonly number: number | null
  readonly isFiller: boolean
  /** Written with a capital although it does not begin the question. */
  readonly isName: boolean
  /** The first word of the question, or of a sentence in it. */
  readonly isStart: boolean
  /** A comma stands before it. */
  readonly isAfterComma: boolean
}

const numberWords: Readonly<Record<string, number>> = {
  zero: 0,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  fifteen: 15,
  twenty: 20,
  thirty: 30,
  fifty: 50,
  hundred: 100,
  thousand: 1000,
  dozen: 12,
}

const pattern =
  /"([^"]*)"|“([^”]*)”|‘([^’]*)’|(?<![\p{L}\p{N}])'([^']*)'(?![\p{L}])|`([^`]*)`|\d{4}-\d{2}-\d{2}|\d+(?:,\d{3})*(?:\.\d+)?%?(?![\p{L}])|\d+(?:st|nd|rd|th)|[\p{L}_][\p{L}\p{N}_]*(?:['’-][\p{L}]+)*|[<>=!]+/gu

export function tokenise(question: string): Token[] {
  const expanded = question.replaceAll(/n['’]t\b/gi, ' not').replaceAll(/\(s\)/g, 's')
  let end = 0
  return [...expanded.matchAll(pattern)].map((match, at) => {
    const gap = expanded.slice(end, match.index)
    end = match.index + match[0].length
    const quoted = match[1] ?? match[2] ?? match[3] ?? match[4] ?? match[5]
    const text = quoted ?? match[0]
    const lower = text.toLowerCase().replace(/['’]s$|['’]$/, '')
    const isQuoted = quoted !== undefined
    return {
      text,
      lower,
      stem: isQuoted ? lower : stem(lower),
      root: isQuoted ? lower : root(lower),
      isQuoted,
      number: isQuoted ? null : numberOf(lower),
      isFiller: !isQuoted && isFiller(lower),
      isName: !isQuoted && at > 0 && /^\p{Lu}/u.test(text),
      isStart: at === 0 || /[.?!;:]/.test(gap),
      isAfterComma: gap.includes(','),
    }
  })
}

function numberOf(text: string): number | null {
  const word = numberWords[text]
  if (word !== undefined) return word
  if (!/^\d[\d,]*\.?\d*%?$/.test(text)) return null
  return Number(text.replaceAll(/[,%]/g, '').replace(/\.$/, ''))
}
