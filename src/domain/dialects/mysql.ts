import type { DialectFacts } from './dialect-facts.ts'

const facts: Omit<DialectFacts, 'label'> = {
  defaultSchema: '',
  quoteIdentifier: (name) => `\`${name.replaceAll('`', '``')}\``,
  // Column names have no case; of tables and databases the server's lower_case_table_names says.
  foldIdentifier: (name) => name,
  needsQuotes: (name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name),
  placeholder: () => '?',
}

export const mysql: DialectFacts = { ...facts, label: 'MySQL' }
export const mariadb: DialectFacts = { ...facts, label: 'MariaDB' }
