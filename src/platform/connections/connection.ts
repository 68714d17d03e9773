import type { Actor, Catalog, Policy, Scope, Verb } from '../../domain/index.ts'
import type { ConnectionBody, ConnectionInput, PolicyBody, PrivilegeReport } from '../../contract/index.ts'
import type { Lease, LeaseOptions, WriteEnd } from '../engines/index.ts'

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
  /** To read unless said; to write it signs in as the connection's writer. */
  lease(signal: AbortSignal, access?: LeaseOptions['access']): Promise<Lease>
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
  /** `isFresh`: catalog and policy are read anew, for what must not go by a version that is gone. */
  target(actor: Actor, idOrName: string, options?: { readonly isFresh?: boolean }): Promise<Target>
  /** The actor's view; `refresh` reads it anew from the database. */
  catalog(actor: Actor, idOrName: string, options?: { readonly refresh?: boolean }): Promise<Catalog>
  policy(actor: Actor, idOrName: string): Promise<PolicyBody>
  /** The rules as they count, for whoever holds this verb on the connection. */
  rulesFor(actor: Actor, id: string, verb: Verb): Promise<{ readonly connection: ConnectionBody; readonly policy: Policy }>
  /** What became of a write that was being committed; `unknown` also where the connection is gone. Tells nothing of its data. */
  settle(scope: Scope, id: string, marker: string): Promise<WriteEnd>
  setPolicy(actor: Actor, idOrName: string, policy: PolicyBody): Promise<PolicyBody>
  /** Another server has changed a connection or a policy of this tenant: nothing of them is remembered. */
  forget(scope: Scope): void
  /** Another server has found that a connection's schema changed: it is read anew, if it is known here. */
  rereadCatalog(scope: Scope, id: string): void
  /** Such news may have been missed. */
  rereadCatalogs(): void
  close(): Promise<void>
}
