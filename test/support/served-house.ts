import type { QueryResult } from 'pg'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { ceilingLimits, defaultLimits, newId, Secret, type RoleName, type Scope } from '../../src/domain/index.ts'
import type { TokenInput } from '../../src/contract/index.ts'
import { Client } from '../../src/contract/index.ts'
import { createConnections, type Connections } from '../../src/platform/connections/index.ts'
import { createPostgresEngine } from '../../src/platform/engines/index.ts'
import { createIdentity, type Identity, type OidcSettings } from '../../src/platform/identity/index.ts'
import { createObserver } from '../../src/platform/observe/index.ts'
import { createKeyring, createStore, sql, type Store } from '../../src/platform/store/index.ts'
import { createPeople, createTenancy, type People } from '../../src/platform/tenancy/index.ts'
import { answer, createApprovalDesk, type Answer, type ApprovalDesk, type Attend } from '../../src/question/index.ts'
import { createApprovals } from '../../src/question/approve/index.ts'
import { createAsk } from '../../src/question/ask/index.ts'
import { createGuard } from '../../src/question/guard/index.ts'
import { createRecord } from '../../src/question/record/index.ts'
import { createHttpServer, RunningAnswers, type HttpOptions, type HttpServer } from '../../src/surfaces/http/index.ts'
import { createMcp } from '../../src/surfaces/mcp/index.ts'
import { createPersonOffice } from '../../src/person-office.ts'
import { watchRevocations } from '../../src/watch-revocations.ts'
import { execute, freshDatabase, freshStore, type TestDatabase } from './postgres-server.ts'

/** A whole server over real rooms, with a small shop as the connection `shop`. */
export interface ServedHouse {
  readonly url: string
  readonly server: HttpServer
  readonly shop: TestDatabase
  readonly identity: Identity
  readonly people: People
  readonly store: Store
  readonly scope: Scope
  /** The first admin's. */
  readonly admin: Client
  readonly adminToken: string
  readonly approvals: ApprovalDesk
  /** A statement in the store, past all rooms and policies. */
  inStore(sql: string): Promise<QueryResult>
  /** A token of the admin's member, narrowed. */
  token(input: Partial<TokenInput>): Promise<string>
  /** Another member of the tenant. */
  member(name: string, role: RoleName): Promise<string>
  client(token: string): Client
  close(): Promise<void>
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo // it listens on TCP
  probe.close()
  await once(probe, 'close')
  return port
}

const shopSchema = `
  CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL, price numeric(12,2), secret_note text);
  COMMENT ON TABLE item IS 'What the shop sells';
  INSERT INTO item SELECT g, 'item ' || g, g * 1.5, 'note ' || g FROM generate_series(1, 2500) g;
  CREATE TABLE sale (id bigint PRIMARY KEY, item_id int NOT NULL REFERENCES item, sold_at timestamptz, big bigint);
  INSERT INTO sale VALUES (1, 1, '2026-01-02T03:04:05Z', 9007199254740993), (2, 2, NULL, NULL);
  ANALYZE`

export interface ServedHouseOptions {
  /** Given once the address is known. */
  readonly oidc?: (url: string) => Omit<OidcSettings, 'tenantNamed'>
  readonly isRbacEnabled?: boolean
  readonly isAuditEnabled?: boolean
  readonly jwtKeysFile?: string
  readonly http?: Partial<HttpOptions>
  readonly now?: () => Date
}

export async function servedHouse(options: ServedHouseOptions = {}): Promise<ServedHouse> {
  const [address, shop] = await Promise.all([freshStore(), freshDatabase()])
  await shop.query(shopSchema)
  const store = createStore({ address, poolMax: 8 })
  const observer = await createObserver({ version: 'test', level: 'error', destination: { write: () => {} }, tracing: null })
  const { observe, span } = observer
  const keyring = createKeyring({ store, secretKey: new Secret('k'.repeat(40)) })
  const tenancy = createTenancy({ store })
  const scope = await tenancy.ensureDefaultTenant()
  const { member } = await tenancy.ensureFirstAdmin(scope)
  const { isRbacEnabled = true, isAuditEnabled = true } = options
  const people = createPeople({ store })
  // Only a provider must know the address before anything listens on it.
  const fixedPort = options.oidc === undefined ? 0 : await freePort()
  const publicUrl = fixedPort === 0 ? null : `http://127.0.0.1:${fixedPort}`
  const place = { scope, countedIn: scope, named: null, names: ['default', scope.tenantId] }
  const oidc = publicUrl === null || options.oidc === undefined ? null : { ...options.oidc(publicUrl), tenantNamed: async () => place }
  const jwtSecret = new Secret('j'.repeat(40))
  const { jwtKeysFile = null, now = () => new Date() } = options
  const identity = createIdentity({ store, tenancy, people, observe, isRbacEnabled, jwtSecret, jwtKeysFile, oidc, now })
  const serverId = newId()
  const record = createRecord({ store, keyring, observe, serverId, isEnabled: isAuditEnabled })
  const connections: Connections = createConnections({
    store,
    keyring,
    engines: [createPostgresEngine({ allowPrivateHosts: true, allowedHosts: [] })],
    declarations: { scope, declared: [], demo: null, startedAt: new Date() },
    roleNames: (tenant) => people.roleNames(tenant),
    observe,
    limits: { defaults: defaultLimits, ceiling: ceilingLimits },
    pool: { maxLeases: 4, maxWaiting: 20, connectTimeoutMs: 5_000 },
    catalogTtlMs: 300_000,
    allowSuperusers: false,
  })
  const guard = createGuard()
  const kept = createApprovals({ store, serverId })
  const rooms = {
    connections,
    guard,
    record,
    approvals: kept,
    ask: createAsk({ maxPromptTokens: 4_000, fallbackToBuiltin: false }),
    models: null,
    observe,
    span,
    today: () => '2026-03-01',
  }
  const running = new RunningAnswers()
  const attend: Attend = (actor, question, stop) => {
    running.enter(actor, question.id, stop)
    return { question, leave: () => running.leave(question.id) }
  }
  const follow: Answer = (actor, question, stop, delivery) => answer({ ...rooms, attend }, actor, question, stop, delivery)
  const approvals = createApprovalDesk({ ...rooms, identity })
  const mcp = createMcp({ answer: follow, connections, approvals, observe }, { version: 'test', origins: ['https://agents.example'] })
  const server = await createHttpServer(
    {
      answer: follow,
      running,
      identity,
      people,
      persons: createPersonOffice({ keyring, people, approvals: kept, record, retentionDays: null }),
      signInPlace: async () => place,
      connections,
      record,
      approvals,
      checks: [],
      observer,
      mcp,
    },
    { version: 'test', publicUrl, ...options.http },
  )
  const url = await server.listen({ host: '127.0.0.1', port: fixedPort })
  const stopWatch = watchRevocations({ running, identity, observe })
  const adminToken = await identity.issueToken(scope, { memberId: member.id, name: 'first', expiresInDays: 366 })
  const client = (token: string): Client => new Client({ baseUrl: url, token })
  const admin = client(adminToken)
  const { host, port, user, password, database } = shop.reader
  await admin.createConnection({
    name: 'shop',
    description: 'A small shop',
    engine: 'postgres',
    target: { host, port, database, user, password: password.reveal(), sslmode: 'disable' },
  })
  return {
    url,
    server,
    shop,
    identity,
    people,
    store,
    scope,
    admin,
    adminToken,
    approvals,
    inStore: (text) => execute(address.superuser, text),
    token: async (input) => (await admin.createToken({ name: newId(), kind: 'person', expiresInDays: 1, ...input })).token,
    member: async (name, role) => {
      const id = newId()
      await store.within(scope, (query) =>
        sql`INSERT INTO member (tenant_id, member_id, name, role) VALUES (${scope.tenantId}, ${id}, ${name}, ${role})`.execute(query),
      )
      return identity.issueToken(scope, { memberId: id, name: 'theirs', expiresInDays: 1 })
    },
    client,
    close: async () => {
      await stopWatch()
      await server.close()
      await approvals.close()
      await Promise.all([mcp.close(), connections.close(), guard.close(), record.close(), observer.shutdown()])
      await store.close()
    },
  }
}
