/**
 * Reviewed by hand: extension → why those of its functions that are called like the server's own may be taken for them. Which
 * they are, scripts/generate-postgres-extensions.ts finds out.
 */
export const computingExtensions: Readonly<Record<string, string>> = {
  citext: 'text that compares without case: the server’s own over lower(), in SQL that names everything in full, or by its very code',
  intarray: 'querytree shows a query of its own type as text',
  pgcrypto: 'gen_random_uuid rolls dice, as the server’s own has done since PostgreSQL 13',
}

/** Volatile, and fine in a read all the same: as in the guard's own list. */
export const computingThoughVolatile: readonly string[] = ['pgcrypto gen_random_uuid']
