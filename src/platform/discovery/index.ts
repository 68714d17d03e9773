// Takes the address of a Kubernetes API, a namespace and a mounted token; gives the connections its labelled Secrets describe, live.
// Holds what it last saw: an API that is away takes nothing from anybody.
// Touches one list and one watch of Secrets, and the files of the service account.
// Refuses to connect to any database, and to say a Secret's value to anybody but the room of connections.
export { openDiscovery, type Discovery, type DiscoveryOptions } from './open-discovery.ts'
export type { FoundConnection } from './read-secret.ts'
