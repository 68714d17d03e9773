// Takes nothing; gives what a policy can say of masked columns and filtered rows, and the reading of a filter's text.
// The same for every dialect; how a mask is computed is the guard's.
// Touches nothing.
// Refuses a filter it does not understand to the last character.
export * from './mask.ts'
export * from './row-filter.ts'
export * from './overlay.ts'
