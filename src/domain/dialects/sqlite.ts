import type { DialectFacts } from './dialect-facts.ts'

export const sqlite: DialectFacts = {
  label: 'SQLite',
  defaultSchema: 'main',
  quoteIdentifier: (name) => `"${name.replaceAll('"', '""')}"`,
  foldIdentifier: (name) => name.toLowerCase(),
  needsQuotes: (name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name),
  placeholder: (position) => `?${position}`,
}
