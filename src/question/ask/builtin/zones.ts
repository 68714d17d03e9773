import type { Mention } from './mentions.ts'
import type { Token } from './tokens.ts'

/** Words after which a column is no longer asked for but says which rows are meant. */
const opens =
  /^(who|whose|whom|that|where|when|if|with|without|having|have|has|had|than|above|below|over|under|between|after|before|since|among|except|excluding|while)$/
const commands = /^(list|show|find|give|return|display|tell|what|which|provide|report|get|sort|order|calculate|compute|include|also)$/

/** For each token: whether a column there is something to put out. "the names of employees [who earn more than …]": not what follows who. */
export function selectZone(tokens: readonly Token[], mentions: readonly Mention[]): readonly boolean[] {
  const tableEnds = new Set(mentions.flatMap((mention) => (mention.kind === 'table' ? [mention.to] : [])))
  let isSelected = true
  let start = 0
  return tokens.map((token, at) => {
    if (token.isStart) [isSelected, start] = [true, at]
    else if (isRestart(tokens, at)) isSelected = true
    else if (isOpening(tokens, at, start, tableEnds.has(at))) isSelected = false
    return isSelected
  })
}

/** "…, list their names", "… and what are their salaries", "… and also show the city". */
function isRestart(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at]
  const previous = tokens[at - 1]
  if (token === undefined || previous === undefined) return false
  const isJoined = token.isAfterComma || /^(and|then|please|also)$/.test(previous.lower)
  if (isJoined && commands.test(token.lower)) return true
  return /^(their|its|his|her)$/.test(token.lower) && (token.isAfterComma || /^(and|as|with)$/.test(previous.lower))
}

function isOpening(tokens: readonly Token[], at: number, start: number, isAfterTable: boolean): boolean {
  const word = tokens[at]?.lower ?? ''
  const previous = tokens[at - 1]?.lower ?? ''
  const next = tokens[at + 1]?.lower ?? ''
  if (word === 'which') return at > start + 1 && !/^(and|or)$/.test(previous)
  if (word === 'with')
    return !/^(together|along)$/.test(previous) && !/^(their|its|his|her|corresponding)$/.test(next) && !isTotal(tokens, at + 1)
  if (/^(have|has|had)$/.test(word)) return !isDoing(tokens, start, at) && at > start + 1
  if (/^(that|where|when|who|whose)$/.test(word)) return at > start
  if (opens.test(word)) return true
  return isAfterTable && /(ed|ing)$/.test(word) && !/^(named|called|sorted|ordered|including|sharing)$/.test(word)
}

/** "with the number of orders", "with average age": more to put out. */
function isTotal(tokens: readonly Token[], at: number): boolean {
  const skip = tokens[at]?.lower === 'the' ? 1 : 0
  return (
    /^(number|total|count)$/.test(tokens[at + skip]?.lower ?? '') &&
    !/^(greater|more|less|above|over)$/.test(tokens[at + skip + 3]?.lower ?? '')
  )
}

/** "How many pets does each student have": the verb of the question itself. */
function isDoing(tokens: readonly Token[], start: number, at: number): boolean {
  return tokens.slice(start, at).some((token) => /^(do|does|did)$/.test(token.lower)) && at >= tokens.length - 2
}
