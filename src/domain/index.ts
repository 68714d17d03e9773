// Takes nothing; gives the words of the house: types, closed sets and the pure functions that belong to them.
// Every other floor may use it through this door.
// Touches nothing: no clock beyond ids, no network, no file.
// Refuses effects, and imports from any other floor.
export * from './actor.ts'
export { assertSealed, type ApprovedStatement, type ApprovedFields } from './approved-statement.ts'
export { andThen, orUndo, type Awaitable } from './awaitable.ts'
export * from './catalog.ts'
export * from './dialects/index.ts'
export * from './draft.ts'
export * from './grant.ts'
export { assertGranted, type GrantedApproval } from './granted-approval.ts'
export { isUuid, newId } from './ids.ts'
export * from './limits.ts'
export * from './outcome.ts'
export * from './policy.ts'
export * from './question.ts'
export { Secret, secretRing, signedLifeMs, signingRing, type SecretSource } from './secret.ts'
export { ShellError, isShellError, errorKinds, type ErrorKind, type ShellErrorFields } from './shell-error.ts'
export * from './verdict.ts'
