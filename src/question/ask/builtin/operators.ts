/** Words that change what a statement asks: negations, comparisons, superlatives, quantifiers, aggregates, orders. */
const operators =
  /^(no|not|never|without|neither|nor|none|except|excluding|most|least|highest|lowest|largest|smallest|biggest|greatest|fewest|longest|shortest|oldest|youngest|newest|latest|earliest|recent|recently|cheapest|expensive|best|worst|top|bottom|maximum|minimum|max|min|more|less|fewer|greater|larger|higher|lower|older|younger|smaller|longer|shorter|above|below|over|under|exceeds?|exceeding|after|before|later|earlier|since|until|between|average|mean|avg|total|sum|combined|count|counts|number|numbers|per|both|either|same|only|or|than|descending|ascending|alphabetical|alphabetically|sorted|ordered|start|starts|starting|begin|begins|end|ends|ending|contain|contains|first|last|range|other|another|across|percentage|percent|proportion|share|fraction|ratio)$/

const patterns = /^(like|word|letter|letters|substring|phrase|prefix|suffix|containing|includes?|including|equals?|named|called)$/

export function isOperatorWord(word: string): boolean {
  return operators.test(word)
}

/** Words that stand between a value and what it is said of and tell how they compare. */
export function isComparingWord(word: string): boolean {
  return operators.test(word) || patterns.test(word)
}

/** Verbs that say no more of two things than that the one belongs to the other. */
const relating =
  /^(assigned|attached|places?|placing|belongs?|belonging|owned?|owns|owning|offered|offers?|offering|provided|provides?|providing|enrolled|involved|involves?|involving|participated?|participates|participating|attended?|attends|attending|employed|employs?|employing|registered|stored|stores|storing|based|linked|connected|deals?|dealing|got|gets?|getting|received|receives?|receiving|performed|performs?|performing|appeared|appears?|appearing|played|plays?|playing|taught|teach|teaches|teaching|worked|published|produced|produces?|producing|written|wrote|written|visited|visits?|visiting|purchased|purchases?|purchasing|bought|buys?|buying|serves?|served|serving|featured|features?|featuring|covered|covers|covering|issued|created|given|takes?|took|taken|taking|spoken|speaks?|speaking|spoke)$/

export function isRelatingVerb(word: string): boolean {
  return relating.test(word)
}
