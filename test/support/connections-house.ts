import {
  builtinGrants,
  ceilingLimits,
  defaultLimits,
  isShellError,
  newId,
  Secret,
  type Actor,
  type BuiltinRole,
  type Scope,
} from '../../src/domain/index.ts'
import type { ConnectionInput } from '../../src/contract/index.ts'
import { createConnections, type Connections, type ConnectionsOptions } from '../../src/platform/connections/index.ts'
import { createPostgresEngine } from '../../src/platform/engines/index.ts'
import type { Observation } from '../../src/platform/observe/index.ts'
import { createKeyring, createStore, type Keyring, type Store, type StoreAddress } from '../../src/platform/store/index.ts'
import { createTenancy } from '../../src/platform/tenancy/index.ts'
import { freshStore, type TestDatabase } from './postgres-server.ts'

/** A store of its own, and rooms of connections over it: two of them are two servers. */
export interface ConnectionsHouse {
  readonly scope: Scope
  readonly superuser: StoreAddress
  readonly keyring: Keyring
  readonly observed: Observation[]
  room(more?: Partial<ConnectionsOptions>): Connections
  as(role: BuiltinRole, more?: Partial<Actor>): Actor
  /** Closes the rooms of one test. */
  tidy(): Promise<void>
  close(): Promise<void>
}

export async function connectionsHouse(): Promise<ConnectionsHouse> {
  const address = await freshStore()
  const store = createStore({ address, poolMax: 4 })
  const scope = await createTenancy({ store }).ensureDefaultTenant()
  const keyring = createKeyring({ store, secretKey: new Secret('k'.repeat(40)) })
  const observed: Observation[] = []
  const opened: Connections[] = []
  return {
    scope,
    superuser: address.superuser,
    keyring,
    observed,
    room: (more = {}) => {
      const made = createConnections({ ...roomOptions(store, keyring, scope, observed), ...more })
      opened.push(made)
      return made
    },
    as: (role, more = {}) => ({
      ...scope,
      memberId: newId(),
      name: role,
      kind: 'person',
      roles: [role],
      grants: builtinGrants(role),
      surface: 'http',
      tokenId: null,
      verbs: null,
      connections: null,
      ...more,
    }),
    tidy: async () => {
      observed.length = 0
      await Promise.all(opened.splice(0).map((room) => room.close()))
    },
    close: () => store.close(),
  }
}

function roomOptions(store: Store, keyring: Keyring, scope: Scope, observed: Observation[]): ConnectionsOptions {
  return {
    store,
    keyring,
    engines: [createPostgresEngine({ allowPrivateHosts: true, allowedHosts: [] })],
    declarations: { scope, declared: [], demo: null, startedAt: new Date('2026-01-01T00:00:00Z') },
    observe: (one) => observed.push(one),
    limits: { defaults: defaultLimits, ceiling: ceilingLimits },
    pool: { maxLeases: 2, maxWaiting: 5, connectTimeoutMs: 5_000 },
    catalogTtlMs: 300_000,
    allowSuperusers: false,
  }
}

export type PostgresInput = Extract<ConnectionInput, { engine: 'postgres' }>

/** A way in as the database's reader. */
export function inputTo(database: TestDatabase, name = `c-${newId()}`, target: Partial<PostgresInput['target']> = {}): PostgresInput {
  const { host, port, user, password } = database.reader
  return {
    name,
    description: 'a shop',
    engine: 'postgres',
    target: { host, port, database: database.database, user, password: password.reveal(), sslmode: 'disable', ...target },
  }
}

/** The code a refusal carries, or `fulfilled`. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'fulfilled',
    (error: unknown) => (isShellError(error) ? error.code : String(error)),
  )
}

/** The same without its password, as a person sends it who does not know it. */
export function without(input: PostgresInput, target: Partial<PostgresInput['target']> = {}): PostgresInput {
  const { password: _password, ...rest } = input.target
  return { ...input, target: { ...rest, ...target } }
}
