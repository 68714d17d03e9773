import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, type TokenInput } from '../../../src/contract/index.ts'
import { freshDatabase, freshStore, startScratchServer, type TestDatabase } from '../../../test/support/postgres-server.ts'
import { startServing, type ServingProcess } from '../../../test/support/serving-process.ts'

export const fuzzedRoles = ['admin', 'tenant-admin', 'editor', 'reader', 'approver', 'agent', 'anonymous'] as const
export type FuzzedRole = (typeof fuzzedRoles)[number]

/** What a round starts with: a fresh credential, and names of what exists, by section of the API. */
export interface Round {
  readonly token: string | null
  readonly known: Readonly<Record<string, unknown>>
}

export interface FuzzWorld {
  readonly serving: ServingProcess
  round(role: FuzzedRole): Promise<Round>
  stop(): Promise<void>
}

const statements = [
  'SELECT * FROM item ORDER BY id',
  'SELECT count(*) FROM sale',
  'SELECT name, price FROM item WHERE price > 100',
  'SELECT id::text::int / 0 FROM item',
  "UPDATE item SET name = 'x' WHERE id = 1",
  'DELETE FROM sale',
  'SELECT pg_sleep(30)',
  'SELECT generate_series(1, 1000000)',
  'DROP TABLE item',
  'SELECT',
]
const texts = ['how many items are there', 'total price by name', 'items with price over 100', 'what is the meaning of life']

/** A real server with two tenants, members of every role, a declared connection that stays and saved ones that may go. */
export async function openFuzzWorld(): Promise<FuzzWorld> {
  const server = await startScratchServer()
  const [store, shop] = await Promise.all([freshStore(server), freshDatabase(server)])
  await shop.query(`
    CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL, price numeric(12,2), secret_note text);
    INSERT INTO item SELECT g, 'item ' || g, g * 1.5, 'note ' || g FROM generate_series(1, 500) g;
    CREATE TABLE sale (id bigint PRIMARY KEY, item_id int NOT NULL REFERENCES item, sold_at timestamptz);
    INSERT INTO sale VALUES (1, 1, now()), (2, 2, NULL);
    GRANT INSERT, UPDATE, DELETE ON sale, item TO ${shop.reader.user}; ANALYZE`)
  const dataDir = mkdtempSync(join(tmpdir(), 'aishell-fuzz-'))
  const { password, ...target } = targetOf(shop)
  writeFileSync(join(dataDir, 'shop-password'), password)
  const declared = {
    connections: [{ name: 'shop', engine: 'postgres', target: { ...target, passwordFile: join(dataDir, 'shop-password') } }],
    policies: { shop: { writers: ['admin', 'editor'], masks: [] } },
  }
  writeFileSync(join(dataDir, 'aishell.yaml'), JSON.stringify(declared))
  const serving = await startServing(store, {
    dataDir,
    env: {
      MULTI_TENANCY_ENABLED: 'true',
      LOG_LEVEL: 'warn',
      LIMIT_STATEMENT_TIMEOUT_MS: '1000',
      LIMIT_CEILING_STATEMENT_TIMEOUT_MS: '2000',
      CONNECTION_TIMEOUT_MS: '2000',
      AUDIT_CHECKPOINT_SINK: 'file',
      AUDIT_CHECKPOINT_FILE: join(dataDir, 'checkpoints.ndjson'),
    },
  })
  const kept = await keptOf(serving.admin)
  return {
    serving,
    round: async (role) => {
      const { token, known } = await beginRound(serving, shop, role)
      return { token, known: { ...known, kept } }
    },
    stop: async () => {
      await serving.kill('SIGTERM')
      await server.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

function targetOf({ reader: { host, port, database, user, password } }: TestDatabase) {
  return { host, port, database, user, password: password.reveal(), sslmode: 'disable' as const }
}

/** Who begins the rounds: an admin who is tried would revoke that too, and the rounds would be over. */
async function keptOf(admin: Client): Promise<readonly string[]> {
  const [{ memberId, name }, { items }] = await Promise.all([
    admin.whoami(),
    admin.json<{ items: readonly { id: string }[] }>('GET', '/api/v1/tokens'),
  ])
  return [memberId, name, ...items.map(({ id }) => id)]
}

/** What an agent says over MCP, right and wrong. */
function messagesOf(connection: string): readonly unknown[] {
  const call = (name: string, args: object): object => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } })
  const clientInfo = { name: 'fuzz', version: '1' }
  return [
    { jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo } },
    { jsonrpc: '2.0', id: 'x', method: 'tools/list' },
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    { jsonrpc: '2.0', id: 1, method: 'no/such' },
    { id: 1 },
    [],
    call('list_connections', {}),
    call('search_catalog', { connection, query: 'item' }),
    call('describe_table', { connection, table: 'item' }),
    call('ask', { connection, question: 'how many items are there' }),
    ...statements.map((sql) => call('run_sql', { connection, sql })),
    call('run_sql', { connection }),
    call('no_such_tool', {}),
  ]
}

/** Whatever the last round removed or renamed is there again. */
async function beginRound({ url, admin }: ServingProcess, shop: TestDatabase, role: FuzzedRole): Promise<Round> {
  const suffix = randomBytes(4).toString('hex')
  const clientOf = (token: string): Client => new Client({ baseUrl: url, token })
  const acme = await admin.createTenant({ name: `acme-${suffix}` })
  const own = role === 'tenant-admin' ? clientOf(acme.adminToken) : admin
  const stall = await own.createConnection({ name: `stall-${suffix}`, description: '', engine: 'postgres', target: targetOf(shop) })
  await own.json('PUT', `/api/v1/connections/${stall.id}/policy`, { writers: ['admin', 'editor'], approvers: [] })
  await own.json('PUT', `/api/v1/roles/approver-${suffix}`, {
    grants: [{ verbs: ['approve', 'browse-catalog'], connections: ['stall*', 'shop'] }, { verbs: ['read-history', 'read-audit'] }],
  })
  const member = await own.json<{ id: string; name: string }>('POST', '/api/v1/members', { name: `mia-${suffix}`, kind: 'service' })
  await own.json('PUT', `/api/v1/groups/crew-${suffix}`, { roles: ['reader'] })
  const roleName = { admin: 'admin', editor: 'editor', reader: 'reader', approver: `approver-${suffix}` }
  const tokenOf = async (input: Partial<TokenInput>, memberRole: string): Promise<string> => {
    const { id } = await own.json<{ id: string }>('POST', '/api/v1/members', {
      name: `fuzzer-${suffix}-${memberRole}`,
      kind: 'service',
      role: memberRole,
    })
    return (await own.createToken({ name: `fuzz-${suffix}`, kind: 'service', expiresInDays: 1, member: id, ...input })).token
  }
  const tokens: Record<FuzzedRole, () => Promise<string | null>> = {
    admin: async () => (await admin.createToken({ name: `fuzz-${suffix}`, kind: 'person', expiresInDays: 1 })).token,
    'tenant-admin': async () => (await own.createToken({ name: 'fuzz', kind: 'person', expiresInDays: 1 })).token,
    editor: () => tokenOf({}, roleName.editor),
    reader: () => tokenOf({}, roleName.reader),
    approver: () => tokenOf({}, roleName.approver),
    agent: () => tokenOf({ kind: 'agent' }, roleName.editor),
    anonymous: async () => null,
  }
  const token = await tokens[role]()
  const saved = await own.createToken({ name: `spare-${suffix}`, kind: 'person', expiresInDays: 1 })
  await admin.setQuotas(acme.id, unbounded) // the admin beside us may have given it any
  const [approvals, history] = await Promise.all([askForWrites(own, stall.id), own.history({ limit: 5 })])
  const known = {
    connections: [stall.id, stall.name, ...(role === 'tenant-admin' ? [] : ['shop'])],
    approvals,
    history: history.items.map(({ id }) => id),
    questions: history.items.map(({ id }) => id),
    tokens: [saved.id],
    members: [member.id, member.name],
    roles: [`approver-${suffix}`, 'reader', 'editor'],
    groups: [`crew-${suffix}`],
    tenants: [acme.id, acme.name],
    statements,
    texts,
    target: targetOf(shop),
    messages: messagesOf(stall.name),
  }
  return { token, known }
}

const unbounded = { questionsPerDay: null, rowsPerDay: null, modelTokensPerDay: null, concurrentQuestions: null }

async function askForWrites(client: Client, connection: string): Promise<readonly string[]> {
  for (let at = 1; at <= 4; at++) await client.answer({ connection, sql: `UPDATE item SET price = ${at} WHERE id = ${at}` })
  const { items } = await client.approvals({})
  return items.map(({ id }) => id)
}
