// Takes short messages for the other servers on the same store; gives those that they send.
// Sends each through Redis, where there is one, and through the store; whoever hears it twice acts once.
// Touches Redis and LISTEN/NOTIFY of the store.
// Refuses to carry the truth: that lies in the store, and a lost message costs a moment, never a right.
export { createSignals, type SignalsOptions, type Signals, type SignalsState } from './create-signals.ts'
export { type Change, type Signal } from './signal.ts'
