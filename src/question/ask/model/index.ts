// Takes a question and the actor's view of a catalog; gives what a language model drafts for it.
// The prompt holds instructions of ours and fenced, size-capped data: names, comments, values the policy discloses.
// Touches a model, through platform/models only.
// Refuses to trust the answer: it is parsed, and then it is only a draft.
export { draftByModel, mayFallBack } from './draft-by-model.ts'
export { modelPrompt } from './prompt.ts'
