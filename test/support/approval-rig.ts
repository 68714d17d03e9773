import { ceilingLimits, defaultLimits, newId, Secret, type Actor, type Scope } from '../../src/domain/index.ts'
import { createConnections } from '../../src/platform/connections/index.ts'
import { createPostgresEngine } from '../../src/platform/engines/index.ts'
import { createIdentity } from '../../src/platform/identity/index.ts'
import { createKeyring, createStore, sql, type Store, type StoreAddress } from '../../src/platform/store/index.ts'
import { createPeople, createTenancy } from '../../src/platform/tenancy/index.ts'
import { answer, createApprovalDesk, type ApprovalDesk, type DeskRooms } from '../../src/question/index.ts'
import { createApprovals } from '../../src/question/approve/index.ts'
import { createAsk } from '../../src/question/ask/index.ts'
import { createGuard } from '../../src/question/guard/index.ts'
import { createRecord } from '../../src/question/record/index.ts'
import type { ApprovalBody } from '../../src/contract/index.ts'

/** The rooms that approvals go through, over a store that others share: one of several servers. */
export interface ApprovalRig {
  readonly scope: Scope
  readonly desk: ApprovalDesk
  readonly rooms: DeskRooms
  readonly store: Store
  /** A member with a token; the actor that token proves. */
  member(name: string, role: string): Promise<{ readonly actor: Actor; readonly token: string }>
  actor(token: string): Promise<Actor>
  /** Asks for a write; what waits for another person. */
  request(actor: Actor, connection: string, text: string): Promise<ApprovalBody>
  close(): Promise<void>
}

/** `isOnlyServer`: takes what others have begun for left at once. */
export async function approvalRig(address: StoreAddress, options: { readonly isOnlyServer?: boolean } = {}): Promise<ApprovalRig> {
  const store = createStore({ address, poolMax: 6 })
  const observe = (): void => {}
  const keyring = createKeyring({ store, secretKey: new Secret('k'.repeat(40)) })
  const tenancy = createTenancy({ store })
  const scope = await tenancy.ensureDefaultTenant()
  const jwtSecret = new Secret('j'.repeat(40))
  const identity = createIdentity({ store, tenancy, people: createPeople({ store }), observe, isRbacEnabled: true, jwtSecret })
  const serverId = newId()
  const record = createRecord({ store, keyring, observe, serverId, isEnabled: true })
  const connections = createConnections({
    store,
    keyring,
    engines: [createPostgresEngine({ allowPrivateHosts: true, allowedHosts: [] })],
    declarations: { scope, declared: [], demo: null, startedAt: new Date() },
    observe,
    limits: { defaults: defaultLimits, ceiling: ceilingLimits },
    pool: { maxLeases: 4, maxWaiting: 20, connectTimeoutMs: 20_000 },
    catalogTtlMs: 300_000,
    allowSuperusers: true,
  })
  const guard = createGuard()
  const rooms: DeskRooms = {
    connections,
    guard,
    record,
    approvals: createApprovals({ store, serverId, ...options }),
    ask: createAsk({ maxPromptTokens: 4_000, fallbackToBuiltin: false }),
    models: null,
    observe,
    span: async (_name, _attributes, work) => work(),
    today: () => '2026-03-01',
    identity,
  }
  const desk = createApprovalDesk(rooms)
  return {
    scope,
    desk,
    rooms,
    store,
    member: async (name, role) => {
      const id = newId()
      await store.within(scope, (query) =>
        sql`INSERT INTO member (tenant_id, member_id, name, role) VALUES (${scope.tenantId}, ${id}, ${name}, ${role})`.execute(query),
      )
      const token = await identity.issueToken(scope, { memberId: id, name: 'theirs', expiresInDays: 1 })
      return { actor: await identity.authenticate(token, 'http'), token }
    },
    actor: (token) => identity.authenticate(token, 'http'),
    request: async (actor, connection, text) => {
      const input = { kind: 'sql' as const, sql: text, params: [] }
      const question = { id: newId(), connection, input, conversation: null, limits: {}, askedAt: new Date(), purpose: 'run' as const }
      for await (const event of answer(rooms, actor, question, new AbortController()))
        if (event.type === 'approval-requested') return event.approval
      throw new Error('nothing waits for a person')
    },
    close: async () => {
      await desk.close()
      await Promise.all([connections.close(), guard.close(), record.close()])
      await store.close()
    },
  }
}
