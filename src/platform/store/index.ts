// Takes a scope and a query; gives rows of that tenant only.
// Holds the pool, the migrations, the keyring of sealed fields and, without DB_HOST, an embedded server.
// Touches the metadata PostgreSQL and DATA_DIR.
// Refuses product words: tables are owned by the rooms that use them.
export type { Keyring, Query, SealedField, Store } from './store.ts'
export type { Database } from './schema.ts'
