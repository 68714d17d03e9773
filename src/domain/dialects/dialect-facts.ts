/** What a dialect says differently. */
export interface DialectFacts {
  readonly label: string
  /** Schema of names that are not qualified when nothing else is said. */
  readonly defaultSchema: string
  /** Quotes a name for use in a statement, always. */
  quoteIdentifier(name: string): string
  /** How the server reads an unquoted name. */
  foldIdentifier(name: string): string
  /** true: the name does not survive unquoted. Reserved words are the caller's to know. */
  needsQuotes(name: string): boolean
  /** The marker of the n-th bound value, from 1. */
  placeholder(position: number): string
}
