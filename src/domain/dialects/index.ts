// Takes nothing; gives the facts in which the engines' SQL differs.
// One file per dialect, each filling the same record.
// Touches nothing.
// Refuses behaviour: reading, judging and running live in their rooms.
import { mariadb, mysql } from './mysql.ts'
import { postgres } from './postgres.ts'
import { sqlite } from './sqlite.ts'

export const dialects = ['postgres', 'mysql', 'mariadb', 'sqlite'] as const
export type Dialect = (typeof dialects)[number]
export type { DialectFacts } from './dialect-facts.ts'
import type { DialectFacts } from './dialect-facts.ts'

export const dialectFacts: Readonly<Record<Dialect, DialectFacts>> = { postgres, mysql, mariadb, sqlite }
