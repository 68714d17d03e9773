import type { Actor, Catalog, Policy } from '../../domain/index.ts'
import type { ConnectionBody, ConnectionInput, PolicyBody, PrivilegeReport } from '../../contract/index.ts'
import type { Lease } from '../engines/index.ts'

/** What the pipeline needs of one connection, as this actor may have it. */
export interface Target {
  readonly connection: ConnectionBody
  /** Everything: the guard resolves names against it. */
  readonly catalog: Catalog
  /** Only what this actor's role may know: drafters and people see this one. */
  readonly view: Catalog
  readonly policy: Policy
  /** Key of the policy's hash masks, as text; null where it has none. */
  readonly maskKey: string | null
  lease(signal: AbortSignal): Promise<Lease>
}

/** Every method throws `connections.unknown` alike for what does not exist and what the actor may not see. */
export interface Connections {
  list(actor: Actor): Promise<readonly ConnectionBody[]>
  get(actor: Actor, idOrName: string): Promise<ConnectionBody>
  create(actor: Actor, input: ConnectionInput): Promise<ConnectionBody>
  update(actor: Actor, id: string, input: ConnectionInput): Promise<ConnectionBody>
  remove(actor: Actor, id: string): Promise<void>
  /** Signs in and asks what the database user could do; for a saved connection or for one about to be saved. */
  test(actor: Actor, subject: string | ConnectionInput): Promise<PrivilegeReport>
  target(actor: Actor, idOrName: string): Promise<Target>
  /** The actor's view; `refresh` reads it anew from the database. */
  catalog(actor: Actor, idOrName: string, options?: { readonly refresh?: boolean }): Promise<Catalog>
  policy(actor: Actor, idOrName: string): Promise<PolicyBody>
  setPolicy(actor: Actor, idOrName: string, policy: PolicyBody): Promise<PolicyBody>
  close(): Promise<void>
}
