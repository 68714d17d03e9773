// Takes a drafted statement, a catalog and a policy; gives a verdict and, if it allows, a sealed statement.
// Pure: no clock, network or store; grammar, resolution, classification and rules only.
// Touches nothing.
// Refuses what it does not know.
export type { Approvable, Guard, GuardContext, Guarded, GuardSubject } from './guard.ts'
export { createGuard } from './create-guard.ts'
export { needsEstimate, weighCost, type Estimate } from './weigh-cost.ts'
