// Takes a SQLite file inside an allowed directory; gives leases, a catalog and a privilege report.
// The same files as every engine: lease, reading, session, catalog, preflight, errors, column kinds; and the sandbox.
// Touches one file, from a process of its own that may only read it, or for a write only change its rows.
// Refuses statements without a seal, and creating the file.
export { createSqliteEngine, type SqliteEngineOptions } from './sqlite-engine.ts'
