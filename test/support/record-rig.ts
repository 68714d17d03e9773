import { builtinGrants, newId, Secret, type Actor, type Question } from '../../src/domain/index.ts'
import {
  createKeyring,
  createStore,
  type EmbeddedServer,
  type Keyring,
  type Store,
  type StoreAddress,
} from '../../src/platform/store/index.ts'
import type { Observation } from '../../src/platform/observe/index.ts'
import { createRecord, type AttemptFields, type OutcomeFields, type Record, type RecordOptions } from '../../src/question/record/index.ts'
import { execute, freshStore } from './postgres-server.ts'

/** A record on a store of its own, and what tests do to it. */
export interface RecordRig {
  readonly record: Record
  readonly store: Store
  readonly keyring: Keyring
  readonly actor: Actor
  readonly observed: Observation[]
  readonly address: Awaited<ReturnType<typeof freshStore>>
  /** Another server on the same store. */
  another(options?: Partial<RecordOptions>): Record
  /** SQL as the superuser, who may do anything to the tables. */
  tamper(statement: string): Promise<readonly { readonly [column: string]: unknown }[]>
  close(): Promise<void>
}

export const secretKey = new Secret('a secret key for tests, long enough to count')

export function actorOf(tenantId: string): Actor {
  const memberId = newId()
  return {
    tenantId,
    memberId,
    name: 'Ada',
    kind: 'person',
    roles: ['admin'],
    grants: builtinGrants('admin'),
    surface: 'http',
    tokenId: null,
    verbs: null,
    connections: null,
  }
}

/** `server`: another one than the suite's, for benches. */
export async function recordRig(options: Partial<RecordOptions> = {}, server?: EmbeddedServer): Promise<RecordRig> {
  const address = await freshStore(server)
  const store = openStore(address)
  const actor = actorOf(newId())
  await addTenant(store, actor.tenantId)
  const keyring = createKeyring({ store, secretKey })
  const observed: Observation[] = []
  const opened: Record[] = []
  const another = (more: Partial<RecordOptions> = {}): Record => {
    const record = createRecord({ store, keyring, observe: (seen) => observed.push(seen), serverId: newId(), isEnabled: true, ...more })
    opened.push(record)
    return record
  }
  return {
    record: another(options),
    store,
    keyring,
    actor,
    observed,
    address,
    another,
    tamper: async (statement) => (await execute(address.superuser, statement)).rows,
    close: async () => {
      for (const record of opened) await record.close()
      await store.close()
    },
  }
}

export function openStore(address: StoreAddress): Store {
  return createStore({ address, poolMax: 8 })
}

export async function addTenant(store: Store, tenantId: string): Promise<void> {
  await store.within({ tenantId }, (query) =>
    query.insertInto('tenant').values({ tenant_id: tenantId, name: tenantId, wrapped_key: null }).execute(),
  )
}

export function question(text: string, fields: Partial<Question> = {}): Question {
  return {
    id: newId(),
    connection: 'harbor-goods',
    input: { kind: 'text', text },
    conversation: null,
    limits: {},
    askedAt: new Date(),
    purpose: 'run',
    ...fields,
  }
}

export const answered: OutcomeFields = {
  state: 'answered',
  failureCode: null,
  rows: 3,
  bytes: 42,
  resultDigest: 'ab'.repeat(32),
  truncated: null,
  timings: { askMs: 1.5, guardMs: 0.25, runMs: 2, totalMs: 4 },
}

export const drafted: AttemptFields = {
  attempt: 1,
  draft: { kind: 'drafted', drafter: 'builtin', sql: 'SELECT 1', params: [], explanation: 'One.', assumptions: [] },
  verdict: { decision: 'allow', class: 'read', reasons: [], tables: [], columns: [], functions: [], masked: [], filtered: [] },
  contextDigest: 'cd'.repeat(32),
}

export async function begin(rig: RecordRig, text = 'how many?', record = rig.record): Promise<{ readonly entryId: string }> {
  return await record.begin(rig.actor, { question: question(text), connection: 'harbor-goods', firstAttempt: null })
}

/** A whole entry: intent, attempt, outcome. */
export async function ask(rig: RecordRig, text = 'how many?', record = rig.record): Promise<string> {
  const intent = await begin(rig, text, record)
  await record.attempt(rig.actor, intent, drafted)
  await record.end(rig.actor, intent, answered)
  return intent.entryId
}

export async function linesOf(record: Record, actor: Actor): Promise<string[]> {
  const lines = []
  for await (const line of record.export(actor)) lines.push(line)
  return lines
}
