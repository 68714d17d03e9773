// Takes a MySQL or MariaDB target; gives leases, rows as exact text, catalogs and privilege reports.
// One room, two profiles: what differs is told by the server's own greeting.
// Touches one customer database.
// Refuses text without a seal, LOCAL INFILE and several statements at a time.
export { createMysqlEngine } from './mysql-engine.ts'
