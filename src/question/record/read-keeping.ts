import type { Scope } from '../../domain/index.ts'
import type { Query, Signer, Store } from '../../platform/store/index.ts'
import { chainStart, type Base, type ChainWalk } from './chain-walk.ts'
import { openStatement, type Checkpoint, type Signed, type Tombstone } from './signed-statement.ts'

/** All tombstones of the tenant, oldest first. */
export async function readTombstones(query: Query, scope: Scope): Promise<readonly Signed[]> {
  return query
    .selectFrom('record_tombstone')
    .select(['body', 'signature'])
    .where('tenant_id', '=', scope.tenantId)
    .orderBy('through')
    .execute()
}

export async function countTombstones(query: Query, scope: Scope): Promise<number> {
  const { count } = await query
    .selectFrom('record_tombstone')
    .select((on) => on.fn.countAll<string>().as('count'))
    .where('tenant_id', '=', scope.tenantId)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Place of the newest checkpoint, whatever it says; 0: none. */
export async function lastSigned(query: Query, scope: Scope): Promise<number> {
  const { sequence } = await query
    .selectFrom('record_checkpoint')
    .select((on) => on.fn.max('sequence').as('sequence'))
    .where('tenant_id', '=', scope.tenantId)
    .executeTakeFirstOrThrow()
  return Number(sequence ?? 0)
}

/** Follows the tombstones from the chain's start; gives where its links begin now. */
export function followTombstones(walk: ChainWalk, signer: Signer, found: readonly Signed[], scope: Scope): Base {
  let base = chainStart
  for (const one of found) {
    const tombstone = openStatement(signer, 'tombstone', one)
    if (tombstone === null || tombstone.from !== base.sequence + 1 || tombstone.tenantId !== scope.tenantId)
      walk.find(base.sequence + 1, 'record.tombstone-changed', `The tombstone after link ${base.sequence} is not what was signed.`)
    if (tombstone !== null) base = baseOf(tombstone)
  }
  walk.moveTo(base)
  return base
}

export function baseOf(signed: Pick<Tombstone, 'mac' | 'digest'> & ({ through: number } | { sequence: number })): Base {
  const sequence = 'through' in signed ? signed.through : signed.sequence
  return { sequence, mac: Buffer.from(signed.mac, 'hex'), digest: signed.digest }
}

export interface StoredCheckpoint extends Signed {
  readonly sequence: number
}

/** Checkpoints with first < sequence ≤ last, in order. */
export async function readCheckpoints(
  store: Store,
  scope: Scope,
  after: number,
  last: number,
  limit?: number,
): Promise<readonly StoredCheckpoint[]> {
  const rows = await store.within(scope, (query) => {
    const all = query
      .selectFrom('record_checkpoint')
      .select(['sequence', 'body', 'signature'])
      .where('tenant_id', '=', scope.tenantId)
      .where('sequence', '>', String(after))
      .where('sequence', '<=', String(last))
      .orderBy('sequence')
    return (limit === undefined ? all : all.limit(limit)).execute()
  })
  return rows.map((row) => ({ ...row, sequence: Number(row.sequence) }))
}

/** The newest checkpoint that this tenant's key signed; null: none. */
export async function lastCheckpoint(query: Query, scope: Scope, signer: Signer): Promise<Checkpoint | null> {
  const row = await query
    .selectFrom('record_checkpoint')
    .select(['body', 'signature'])
    .where('tenant_id', '=', scope.tenantId)
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row === undefined ? null : openStatement(signer, 'checkpoint', row)
}

/** Says of a stored checkpoint whether it is genuine and where it claims to be. */
export function expectCheckpoint(walk: ChainWalk, signer: Signer, stored: StoredCheckpoint): void {
  const checkpoint = openStatement(signer, 'checkpoint', stored)
  if (checkpoint === null || checkpoint.sequence !== stored.sequence)
    return walk.find(stored.sequence, 'record.checkpoint-changed', `The checkpoint at link ${stored.sequence} is not what was signed.`)
  walk.expect(checkpoint)
}
