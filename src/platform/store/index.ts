// Takes a scope and a query; gives rows of that tenant only.
// Holds the pool, the migrations, the keyring of sealed fields and, without DB_HOST, an embedded server.
// Touches the metadata PostgreSQL and DATA_DIR.
// Refuses product words: tables are owned by the rooms that use them.
export { CompiledQuery, sql, type RawBuilder } from 'kysely' // the rooms' odd statements; they import no driver themselves
export { bigintArray, bytesArray, textArray, timeArray, uuidArray } from './binary-array.ts'
export { createKeyring, type KeyringOptions } from './keyring.ts'
export { dumpSchema } from './dump-schema.ts'
export { examineStore } from './examine-store.ts'
export { ensureDataDir, lockDataDir } from './embedded/data-dir-lock.ts'
export { startEmbeddedServer, type EmbeddedServer } from './embedded/embedded-server.ts'
export { prepareEmbedded, type DemoTarget } from './embedded/prepare-embedded.ts'
export { openListener, type StoreListener } from './listener.ts'
export { isStarting, migrate, pendingMigrations, runtimeRole } from './migrate.ts'
export { createStore } from './postgres-store.ts'
export { sslModes, type SslMode, type StoreAddress } from './store-address.ts'
export type { Keyring, Query, SealedField, Signer, Store } from './store.ts'
export { tenantScopes } from './tenant-scopes.ts'
export { isUniqueViolation } from './violations.ts'
