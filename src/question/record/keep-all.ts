import type { Scope } from '../../domain/index.ts'
import { tenantScopes, type Keyring } from '../../platform/store/index.ts'
import type { Observe } from '../../platform/observe/index.ts'
import { checkpoint, keepingCode, retain, tenantsToCheckpoint, type KeepingRooms } from './keep-record.ts'
import type { CheckpointSink } from '../../platform/sinks/index.ts'
import type { Head } from './link.ts'
import { openStatement } from './signed-statement.ts'

const dayMs = 86_400_000

/** One round of keeping: tenant by tenant, so that one broken chain does not leave the others unsigned. */
export async function keepAll(rooms: KeepingRooms, retentionDays: number | null, observe: Observe): Promise<void> {
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      observe({ type: 'failure', code: keepingCode(error), error })
    }
  }
  for (const scope of await tenantsToCheckpoint(rooms.store)) await attempt(() => checkpoint(rooms, scope))
  if (retentionDays === null) return
  const before = new Date(Date.now() - retentionDays * dayMs)
  for (const scope of await tenantScopes(rooms.store)) await attempt(() => retain(rooms, scope, before, 'AUDIT_RETENTION_DAYS'))
}

/** The newest head the sink has of this tenant, if it is one of ours: a store that lies behind it was set back. */
export async function heldOutside(scope: Scope, keyring: Keyring, sink: CheckpointSink | null): Promise<readonly Head[]> {
  const line = (await sink?.latest(scope.tenantId)) ?? null
  if (line === null) return []
  const signer = await keyring.signer(scope)
  const match = /^\{"checkpoint":(\{.*\}),"signature":"([0-9a-f]+)"\}$/s.exec(line.trim())
  const signed = { body: match?.[1] ?? '', signature: Buffer.from(match?.[2] ?? '', 'hex') }
  const statement = openStatement(signer, 'checkpoint', signed)
  return statement === null || statement.tenantId !== scope.tenantId
    ? []
    : [{ sequence: statement.sequence, mac: Buffer.from(statement.mac, 'hex') }]
}
