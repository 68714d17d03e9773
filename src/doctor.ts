import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isShellError, newId, type Scope } from './domain/index.ts'
import type { Check } from './contract/index.ts'
import {
  ensureKeys,
  examineAppending,
  examineFolder,
  examineSecretFiles,
  readSettings,
  type Environment,
  type Settings,
} from './platform/config/index.ts'
import { examineProvider } from './platform/identity/index.ts'
import { examineModel } from './platform/models/index.ts'
import { createRedis } from './platform/redis/index.ts'
import {
  createKeyring,
  createStore,
  examineStore,
  tenantScopes,
  type Keyring,
  type Store,
  type StoreAddress,
} from './platform/store/index.ts'
import { createRecord } from './question/record/index.ts'
import { modelProviders } from './model-providers.ts'
import { joseAlgorithms } from './open-identity.ts'
import { checkpointSink } from './record-keeping.ts'

export interface DoctorSource {
  readonly version: string
  /** The process's own unless given. */
  readonly env?: Environment
  readonly now?: () => number
  readonly freeBytes?: (folder: string) => number
}

/** Looks at what a server with these settings would need, and at its store, without changing anything and without a server. */
export async function examine(source: DoctorSource): Promise<readonly Check[]> {
  let settings: Settings
  try {
    settings = readSettings(source)
  } catch (error) {
    return wrongSettings(error)
  }
  const warnings = settings.warnings.map(({ message }): Check => ({ name: 'settings', state: 'degraded', detail: message }))
  const checks: Check[] = [{ name: 'settings', state: 'ok', detail: 'can be used' }, ...warnings]
  const folder = examineFolder(settings.app.dataDir, source.freeBytes)
  checks.push(folder, ...examineSecretFiles(secretFilesOf(settings)), await examinePort(settings))
  checks.push(...(await examineStoreOf(settings, folder.state === 'ok', source.now)))
  const others = await Promise.all([examineRedis(settings), examineModels(settings), examineOidc(settings), examineSink(settings)])
  return [...checks, ...others.flat()]
}

/** One check for each line of what is wrong. */
function wrongSettings(error: unknown): readonly Check[] {
  const { message } = error as Error
  const lines = message.split('\n').filter((line) => line.startsWith('  - '))
  const hint = isShellError(error) ? error.hint : undefined
  return (lines.length === 0 ? [message] : lines.map((line) => line.slice(4))).map((detail) => ({
    name: 'settings',
    state: 'failed',
    detail,
    ...(hint === undefined ? {} : { hint }),
  }))
}

function secretFilesOf(settings: Settings): readonly { readonly name: string; readonly path: string }[] {
  const kept = join(settings.app.dataDir, 'keys')
  const names = ((): readonly string[] => {
    try {
      return readdirSync(kept)
    } catch {
      return [] // none were made
    }
  })()
  return [...settings.secretFiles, ...names.map((name) => ({ name, path: join(kept, name) }))]
}

/** A server of ours may well be on it. */
async function examinePort({ server }: Settings): Promise<Check> {
  const probe = createServer()
  try {
    probe.listen(server.port, server.host)
    await once(probe, 'listening')
    return { name: 'port', state: 'ok', detail: `${server.host}:${server.port} is free` }
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    const at = `${server.host}:${server.port}`
    if (code === 'EADDRINUSE' && (await isOurs(server.port))) return { name: 'port', state: 'ok', detail: `AI-Shell serves at ${at}` }
    const detail = code === 'EADDRINUSE' ? `another program listens at ${at}` : `${at} cannot be listened at (${code})`
    return { name: 'port', state: 'failed', detail, hint: 'Stop what listens there, or set PORT and LISTEN_HOST to something free.' }
  } finally {
    probe.close()
  }
}

async function isOurs(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(2_000) })
    return response.ok && 'version' in ((await response.json()) as object)
  } catch {
    return false // whatever it is, it does not speak like us
  }
}

async function examineStoreOf(settings: Settings, hasFolder: boolean, now?: () => number): Promise<readonly Check[]> {
  const { host, port, name: database, user, password, sslmode } = settings.store
  if (host === null) return [{ name: 'store', state: 'ok', detail: 'embedded; it starts with the server' }]
  const address: StoreAddress = { host, port, database, user, password, sslmode }
  const checks = await examineStore(address, now)
  const isUsable = checks.every((check) => check.state !== 'failed' || !/^store(: migrations|: runtime role)?$/.test(check.name))
  if (!isUsable || !hasFolder) return checks
  const store = createStore({ address, poolMax: 2 })
  try {
    const keyring = createKeyring({ store, secretKey: ensureKeys(settings).secretKey, otherKeys: settings.access.oldSecretKeys })
    const tenants = await tenantsWithKeys(store)
    const keys = await examineKeys(keyring, tenants)
    return [...checks, keys, ...(keys.state === 'ok' ? [await examineChains(store, keyring, tenants)] : [])]
  } finally {
    await store.close()
  }
}

async function tenantsWithKeys(store: Store): Promise<readonly Scope[]> {
  const found: Scope[] = []
  for (const scope of await tenantScopes(store)) {
    const row = await store.within(scope, (query) =>
      query.selectFrom('tenant').select('wrapped_key').where('tenant_id', '=', scope.tenantId).executeTakeFirst(),
    )
    if (row !== undefined && row.wrapped_key !== null) found.push(scope)
  }
  return found
}

async function examineKeys(keyring: Keyring, tenants: readonly Scope[]): Promise<Check> {
  const name = 'keys'
  for (const scope of tenants) {
    try {
      await keyring.auditKey(scope)
    } catch (error) {
      const hint = isShellError(error) ? error.hint : undefined
      const detail = `the key of tenant ${scope.tenantId} does not open: ${(error as Error).message}`
      return { name, state: 'failed', detail, ...(hint === undefined ? {} : { hint }) }
    }
  }
  return { name, state: 'ok', detail: `SECRET_KEY opens the keys of ${tenants.length} tenant(s)` }
}

/** Long enough for some hundred thousand entries. */
const chainsMs = 15_000

async function examineChains(store: Store, keyring: Keyring, tenants: readonly Scope[]): Promise<Check> {
  const name = 'record'
  const record = createRecord({ store, keyring, observe: () => undefined, serverId: newId(), isEnabled: true })
  const untilMs = performance.now() + chainsMs
  try {
    for (const [at, scope] of tenants.entries()) {
      if (performance.now() > untilMs)
        return {
          name,
          state: 'degraded',
          detail: `${at} of ${tenants.length} chains were looked at`,
          hint: 'Check the others with `aishell audit verify`.',
        }
      const { isIntact, findings } = await record.verify(scope)
      if (isIntact) continue
      const detail = `the chain of tenant ${scope.tenantId} is broken: ${findings[0]?.message ?? 'it does not verify'}`
      return {
        name,
        state: 'failed',
        detail,
        hint: '`aishell audit verify` shows where. Keep the store as it is, and compare it with checkpoints and backups.',
      }
    }
    return { name, state: 'ok', detail: `${tenants.length} chain(s) verify` }
  } finally {
    await record.close()
  }
}

const redisWaitMs = 4_000

async function examineRedis({ redis: place }: Settings): Promise<readonly Check[]> {
  if (place.host === null && place.sentinels.length === 0) return []
  const redis = createRedis({ ...place, isTls: place.tls, observe: () => undefined })
  try {
    for (const untilMs = performance.now() + redisWaitMs; !redis.isUp && performance.now() < untilMs;) await sleep(50)
    const { isUp, detail } = redis.state()
    if (isUp) return [{ name: 'redis', state: 'ok', detail }]
    const where = place.host === null ? place.sentinels.join(', ') : `${place.host}:${place.port}`
    return [
      {
        name: 'redis',
        state: 'failed',
        detail: `${where} ${detail}`,
        hint: 'Check REDIS_HOST, REDIS_PORT, REDIS_PASSWORD and REDIS_TLS; servers go on without it, each with limits of its own.',
      },
    ]
  } finally {
    await redis.close()
  }
}

async function examineModels(settings: Settings): Promise<readonly Check[]> {
  return Promise.all(modelProviders(settings).providers.map(examineModel))
}

async function examineOidc({ oidc }: Settings): Promise<readonly Check[]> {
  if (oidc.issuer === null) return []
  return [await examineProvider({ issuer: oidc.issuer, algorithm: joseAlgorithms[oidc.algorithm] })]
}

async function examineSink(settings: Settings): Promise<readonly Check[]> {
  const { sink, sinkFile } = settings.audit
  if (sink === 'file' && sinkFile !== null) return [examineAppending('checkpoints', sinkFile, 'AUDIT_CHECKPOINT_FILE')]
  if (sink !== 's3') return []
  try {
    await checkpointSink(settings, () => undefined)?.latest('doctor')
    return [{ name: 'checkpoints', state: 'ok', detail: 'the bucket answers' }]
  } catch (error) {
    const hint = 'Check AUDIT_S3_ENDPOINT, AUDIT_S3_REGION and both keys, and that the bucket is there.'
    return [{ name: 'checkpoints', state: 'failed', detail: (error as Error).message, hint }]
  }
}
