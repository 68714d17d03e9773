// Takes an actor and the name of a connection; gives its target: catalog, policy, leases.
// Keeps saved connections with sealed passwords, declared ones from aishell.yaml, and cached catalogs.
// Touches its own tables and, through engines, the customer's database.
// Refuses to judge SQL.
export type { Connections, Target } from './connection.ts'
export { createConnections, type ConnectionsOptions } from './create-connections.ts'
export type { Declarations, DeclaredConnection, DiscoveredConnection } from './declared.ts'
export { refusedReference, type PasswordSource } from './password-source.ts'
export { policyOf, type PolicyBase } from './policy.ts'
