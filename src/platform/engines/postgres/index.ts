// Takes a PostgreSQL target; gives leases, a catalog and a privilege report.
// The same files as every engine: lease, catalog, preflight, errors, column kinds.
// Touches one PostgreSQL server over its own wire protocol.
// Refuses statements without a seal.
export { createPostgresEngine } from './postgres-engine.ts'
