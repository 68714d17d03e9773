// Takes a question in English and a view of a catalog; gives SQL, or a reason why not.
// Deterministic: words are grounded in names, comments, values and keys; no network, no model.
// Touches nothing.
// Refuses to guess: a word that has no place in the catalog ends in an abstention.
export { draftBuiltin } from './draft-builtin.ts'
