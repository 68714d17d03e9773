// Takes a question and the actor's view of a catalog; gives a draft: SQL, an abstention or a question back.
// Three drafters: verbatim, builtin (deterministic, no network), model.
// Touches a model, through platform/models only.
// Refuses rows, the store and verdicts.
export type { Ask, AskContext } from './ask.ts'
export { createAsk, type AskOptions } from './create-ask.ts'
export { modelPrompt } from './model/index.ts'
export { draftBuiltin } from './builtin/index.ts'
