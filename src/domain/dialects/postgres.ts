import type { DialectFacts } from './dialect-facts.ts'

export const postgres: DialectFacts = {
  label: 'PostgreSQL',
  defaultSchema: 'public',
  quoteIdentifier: (name) => `"${name.replaceAll('"', '""')}"`,
  foldIdentifier: (name) => name.toLowerCase(),
  needsQuotes: (name) => !/^[a-z_][a-z0-9_$]*$/.test(name),
  placeholder: (position) => `$${position}`,
}
