// Takes a target (host, user, secret); gives leases, rows as exact text, catalogs and privilege reports.
// One folder per engine with the same files; one conformance suite proves them alike.
// Touches one customer database.
// Refuses text without a seal, the store, and tenants.
export { copyFormats } from './engine.ts'
export type * from './engine.ts'
export type { HostPolicy } from './host-policy.ts'
export { createMysqlEngine } from './mysql/index.ts'
export { createPostgresEngine } from './postgres/index.ts'
export { createSqliteEngine, type SqliteEngineOptions } from './sqlite/index.ts'
