/** What a statement does at its strongest, weakest first; unknown ranks highest. */
export const statementClasses = ['read', 'write', 'ddl', 'admin', 'unknown'] as const
export type StatementClass = (typeof statementClasses)[number]

/** The stronger of two classes. */
export function strongerClass(a: StatementClass, b: StatementClass): StatementClass {
  return statementClasses.indexOf(a) >= statementClasses.indexOf(b) ? a : b
}
