import { isShellError, ShellError, type Scope } from '../../domain/index.ts'
import type { CheckpointSink } from '../../platform/sinks/index.ts'
import { sql, type Keyring, type Query, type Store } from '../../platform/store/index.ts'
import { ChainWalk, chainStart, type Base } from './chain-walk.ts'
import { followChain } from './follow-chain.ts'
import { baseOf, expectCheckpoint, lastCheckpoint, readCheckpoints, readTombstones } from './read-keeping.ts'
import { openStatement, signedLine, signStatement, type Checkpoint, type Tombstone } from './signed-statement.ts'
import { readEnd, readPages, type ChainKeys } from './verify-chain.ts'

export interface KeepingRooms {
  readonly store: Store
  readonly keyring: Keyring
  readonly sink: CheckpointSink | null
}

/** Links of one tombstone: a removal is one transaction and must not hold the head's lock for long. */
const maxRemoved = 50_000

/** Tenants whose chain has grown since its last checkpoint, or whose checkpoints have not all left. */
export async function tenantsToCheckpoint(store: Store): Promise<readonly Scope[]> {
  const { rows } = await store.withoutTenant((query) =>
    sql<{ tenant_id: string }>`SELECT tenants_to_checkpoint() AS tenant_id`.execute(query),
  )
  return rows.map((row) => ({ tenantId: row.tenant_id }))
}

/**
 * Checks what was written since the last checkpoint, signs the head and brings it outside. A chain that does not fit is
 * never signed: throws `record.not-signed`.
 */
export async function checkpoint(rooms: KeepingRooms, scope: Scope): Promise<Checkpoint | null> {
  const { store } = rooms
  const keys = await keysOf(rooms, scope)
  const { base, head, last } = await store.within(scope, async (query) => ({
    base: await baseForCheckpoint(query, scope, keys),
    ...(await readEnd(query, scope)),
  }))
  const made = head === null || head.sequence <= base.sequence ? null : await signHead(rooms, scope, keys, base, last)
  await publish(rooms, scope)
  return made
}

async function signHead({ store }: KeepingRooms, scope: Scope, keys: ChainKeys, base: Base, last: number): Promise<Checkpoint> {
  const { sequence, mac, digest } =
    (await followChain(scope, store, keys.auditKey, base, last)) ?? (await walkTo(scope, store, keys, base, last))
  const statement: Checkpoint = {
    kind: 'checkpoint',
    tenantId: scope.tenantId,
    sequence,
    mac: mac.toString('hex'),
    digest,
    at: new Date().toISOString(),
    keyId: keys.signer.keyId,
  }
  const signed = signStatement(keys.signer, statement)
  await store.within(scope, (query) =>
    query
      .insertInto('record_checkpoint')
      .values({ tenant_id: scope.tenantId, sequence: String(statement.sequence), ...signed, published_at: null })
      .onConflict((conflict) => conflict.doNothing()) // another replica was at the same place
      .execute(),
  )
  return statement
}

/** Where something did not fit: names it, or finds that it fits after all. */
async function walkTo(scope: Scope, store: Store, keys: ChainKeys, base: Base, last: number): Promise<Base> {
  const walk = new ChainWalk(scope.tenantId, keys.auditKey, [], base)
  for await (const page of readPages(scope, store, last, base.sequence)) for (const link of page) walk.step(link)
  const [finding] = walk.findings
  if (finding !== undefined || walk.head.sequence !== last) throw notSigned(scope, finding?.message ?? 'its end is missing.')
  return { ...walk.head, digest: walk.digest }
}

/** In order, each marked when the sink has it: what a sink that was away has missed follows later. */
async function publish({ store, sink }: KeepingRooms, scope: Scope): Promise<void> {
  const waiting = await store.within(scope, (query) =>
    query
      .selectFrom('record_checkpoint')
      .select(['sequence', 'body', 'signature'])
      .where('tenant_id', '=', scope.tenantId)
      .where('published_at', 'is', null)
      .orderBy('sequence')
      .limit(1_000)
      .execute(),
  )
  for (const one of waiting) {
    await sink?.put({ tenantId: scope.tenantId, sequence: Number(one.sequence), line: signedLine('checkpoint', one) })
    await store.within(scope, (query) =>
      query
        .updateTable('record_checkpoint')
        .set({ published_at: new Date() })
        .where('tenant_id', '=', scope.tenantId)
        .where('sequence', '=', one.sequence)
        .execute(),
    )
  }
}

/** The newest checkpoint, else the newest tombstone, else the chain's start. */
async function baseForCheckpoint(query: Query, scope: Scope, { signer }: ChainKeys): Promise<Base> {
  const signed = await lastCheckpoint(query, scope, signer)
  if (signed !== null) return baseOf(signed)
  return baseOfLinks(query, scope, { signer })
}

/** After what retention removed. Throws `record.not-signed` where that is not what was signed. */
async function baseOfLinks(query: Query, scope: Scope, { signer }: Pick<ChainKeys, 'signer'>): Promise<Base> {
  const newest = (await readTombstones(query, scope)).at(-1)
  if (newest === undefined) return chainStart
  const tombstone = openStatement(signer, 'tombstone', newest)
  if (tombstone === null) throw notSigned(scope, 'a tombstone is not what was signed.')
  return baseOf(tombstone)
}

/**
 * Removes links older than `before` whose entries have all ended, under a signed tombstone; gives how many. What does not
 * verify is evidence and stays: throws `record.not-signed`.
 */
export async function retain(rooms: KeepingRooms, scope: Scope, before: Date, by: string): Promise<number> {
  let removed = 0
  for (;;) {
    const step = await removeOldest(rooms, scope, before, by)
    removed += step
    if (step < maxRemoved) return removed
  }
}

async function removeOldest(rooms: KeepingRooms, scope: Scope, before: Date, by: string): Promise<number> {
  const { store } = rooms
  const keys = await keysOf(rooms, scope)
  const { base, through } = await store.within(scope, async (query) => {
    const found = await baseOfLinks(query, scope, keys)
    return { base: found, through: await removableThrough(query, scope, found, before) }
  })
  if (through <= base.sequence) return 0
  const walk = new ChainWalk(scope.tenantId, keys.auditKey, [], base)
  for await (const page of readPages(scope, store, through)) for (const link of page) walk.step(link)
  for (const one of await readCheckpoints(store, scope, through - 1, through)) expectCheckpoint(walk, keys.signer, one)
  const [finding] = walk.findings
  if (finding !== undefined || walk.head.sequence !== through) throw notSigned(scope, finding?.message ?? 'links are missing.')
  const { body, signature } = signStatement(keys.signer, tombstoneOf(scope, walk, { base, before, by, keyId: keys.signer.keyId }))
  const { rows } = await store.within(scope, (query) =>
    sql<{ removed: string }>`SELECT record_trim(${base.sequence + 1}, ${through}, ${body}, ${signature}) AS removed`.execute(query),
  )
  return Number(rows[0]?.removed ?? 0)
}

function tombstoneOf(
  scope: Scope,
  walk: ChainWalk,
  about: { readonly base: Base; readonly before: Date; readonly by: string; readonly keyId: string },
): Tombstone {
  return {
    kind: 'tombstone',
    tenantId: scope.tenantId,
    from: about.base.sequence + 1,
    through: walk.head.sequence,
    mac: walk.head.mac.toString('hex'),
    digest: walk.digest,
    before: about.before.toISOString(),
    removedAt: new Date().toISOString(),
    by: about.by,
    keyId: about.keyId,
  }
}

/** The last link before the time whose entries, and those of all before it, have ended by then; never the head itself. */
async function removableThrough(query: Query, scope: Scope, base: Base, before: Date): Promise<number> {
  const { rows } = await sql<{ through: string | null }>`
    WITH bound AS (SELECT least(record_sequence_at(${before.toISOString()}::timestamptz) - 1, ${base.sequence + maxRemoved}::bigint,
      (SELECT sequence - 1 FROM record_head WHERE tenant_id = ${scope.tenantId})) AS last)
    SELECT coalesce((SELECT min(i.sequence) - 1 FROM record_link i, bound
        WHERE i.tenant_id = ${scope.tenantId} AND i.kind = 'intent' AND i.sequence <= bound.last AND NOT EXISTS (
          SELECT 1 FROM record_link o WHERE o.tenant_id = i.tenant_id AND o.entry_id = i.entry_id AND o.kind = 'outcome' AND o.sequence <= bound.last)),
      bound.last) AS through FROM bound`.execute(query)
  return Number(rows[0]?.through ?? 0)
}

async function keysOf({ keyring }: KeepingRooms, scope: Scope): Promise<ChainKeys> {
  return { auditKey: await keyring.auditKey(scope), signer: await keyring.signer(scope) }
}

function notSigned(scope: Scope, why: string): ShellError {
  return new ShellError({
    code: 'record.not-signed',
    kind: 'failed',
    message: `The record of tenant ${scope.tenantId} was not signed: ${why}`,
    hint: 'Run `aishell audit verify`, and compare with an export or a checkpoint kept elsewhere.',
  })
}

/** What a keeper reports of a tenant it could not finish. */
export function keepingCode(error: unknown): string {
  return isShellError(error) ? error.code : 'record.keeping'
}
