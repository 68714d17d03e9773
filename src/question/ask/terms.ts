import { sharedWord } from './synonyms.ts'
import { nameStems } from './words.ts'

/** What a word or a name is looked up by: its parts, as stems, without those of one letter. */
export function termsOf(name: string): string[] {
  return nameStems(name).filter((term) => term.length > 1)
}

/** Words that mean the same as parts of this one, marked so that they meet only each other. */
export function classesOf(name: string): string[] {
  return nameStems(name).flatMap((term) => {
    const shared = sharedWord(term)
    return shared === null ? [] : [`~${shared}`]
  })
}
