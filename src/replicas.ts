import { createHmac } from 'node:crypto'
import { isUuid, signingRing, type Scope, type Secret } from './domain/index.ts'
import type { Settings } from './platform/config/index.ts'
import type { Connections } from './platform/connections/index.ts'
import type { Identity } from './platform/identity/index.ts'
import type { Observe } from './platform/observe/index.ts'
import { createRedis, type Redis } from './platform/redis/index.ts'
import { createSignals, type Change, type Signals } from './platform/signals/index.ts'
import type { StoreAddress } from './platform/store/index.ts'
import { RateLimits, type RunningElsewhere, type Tenants } from './platform/tenancy/index.ts'
import { openRunningElsewhere } from './running-elsewhere.ts'
import type { CancelElsewhere, ReadinessCheck, RunningAnswers } from './surfaces/http/index.ts'
import type { Mcp } from './surfaces/mcp/index.ts'

interface Options {
  readonly settings: Settings
  readonly address: StoreAddress
  readonly serverId: string
  readonly jwtSecret: Secret
  /** Known to the servers of this store alone, and the same for as long as it lives: installations that share a Redis are apart by it. */
  readonly installationKey: Uint8Array
  readonly observe: Observe
}

interface Rooms {
  readonly running: RunningAnswers
  readonly mcp: Pick<Mcp, 'cancelHere'>
  readonly identity: Pick<Identity, 'forget'>
  readonly connections: Pick<Connections, 'forget' | 'rereadCatalog' | 'rereadCatalogs'>
  readonly tenants: Pick<Tenants, 'forget'>
}

/** What several servers on one store have between them. */
export interface Replicas {
  readonly rates: RateLimits
  readonly runningElsewhere: RunningElsewhere
  readonly checks: readonly ReadinessCheck[]
  readonly cancelElsewhere: CancelElsewhere
  /** Of agents' calls; nobody waits for word of it. */
  cancelCallElsewhere(call: string): void
  /** For rooms that remember: tells the other servers that something of this tenant has changed here. */
  changed(what: Change): (scope: Scope, subject?: string) => void
  /** true on one server at a time. */
  lead(): Promise<boolean>
  /** From now on what the others say is acted upon. */
  join(rooms: Rooms): void
  close(): Promise<void>
}

/** Longest wait for another server to say that it has stopped a question. */
const cancelWaitMs = 1_000

export function openReplicas({ settings, address, serverId, jwtSecret, installationKey, observe }: Options): Replicas {
  const { redis: place, rates } = settings
  const installation = derived(installationKey, 'installation').slice(0, 16)
  const redis = place.host === null && place.sentinels.length === 0 ? null : createRedis({ ...place, isTls: place.tls, observe })
  const signals = createSignals({
    serverId,
    address,
    redis,
    keys: () => signingRing(jwtSecret, settings.access.oldJwtSecrets).map((text) => derived(text, 'signals')),
    channel: `aishell:${installation}:signals`,
  })
  const runningElsewhere = openRunningElsewhere(signals, serverId)
  return {
    runningElsewhere,
    rates: new RateLimits({
      table: {
        questions: { actor: rates.actorQuestions, tenant: rates.tenantQuestions },
        requests: { actor: rates.actorRequests, tenant: rates.tenantRequests },
        open: { network: rates.networkOpen },
      },
      redis,
      keyPrefix: `aishell:${installation}:rate:`,
      peers: () => signals.peers(),
      observe,
    }),
    checks: checksOf(redis, signals),
    cancelElsewhere: askOthers(signals),
    cancelCallElsewhere: (call) => signals.send({ kind: 'cancel-call', call }),
    changed: (what) => (scope, subject) => signals.send({ kind: 'changed', what, tenantId: scope.tenantId, subject: subject ?? null }),
    lead: () => signals.lead(),
    join: (rooms) => join(signals, rooms),
    close: async () => {
      runningElsewhere.close()
      await signals.close()
      await redis?.close()
    },
  }
}

function derived(key: string | Uint8Array, purpose: string): string {
  return createHmac('sha256', key).update(`aishell ${purpose}`).digest('hex')
}

/** Neither turns a server away from traffic: every answer is possible without them. */
function checksOf(redis: Redis | null, signals: Signals): readonly ReadinessCheck[] {
  const checkRedis: ReadinessCheck = async () => {
    if (redis === null) return { name: 'redis', state: 'ok', detail: 'none set; servers divide rate limits among them' }
    const { isUp, detail } = redis.state()
    return isUp
      ? { name: 'redis', state: 'ok', detail }
      : { name: 'redis', state: 'degraded', detail: `${detail}; each server keeps half its share of the rate limits` }
  }
  const checkSignals: ReadinessCheck = async () => {
    const { isUp, detail } = signals.state()
    return { name: 'signals', state: isUp ? 'ok' : 'degraded', detail }
  }
  return [checkRedis, checkSignals]
}

/** The question runs on at most one of them; that one says so. */
function askOthers(signals: Signals): CancelElsewhere {
  const waiting = new Set<{ readonly questionId: string; readonly stopped: () => void }>()
  signals.on('cancelled', ({ questionId }) => {
    for (const one of waiting) if (one.questionId === questionId) one.stopped()
  })
  return (request) => {
    const { questionId } = request
    if (!isUuid(questionId) || signals.peers() === 0) return Promise.resolve(false)
    return new Promise((resolve) => {
      const end = (isStopped: boolean): void => {
        clearTimeout(timer)
        waiting.delete(asker)
        resolve(isStopped)
      }
      const timer = setTimeout(() => end(false), cancelWaitMs)
      const asker = { questionId, stopped: () => end(true) }
      waiting.add(asker)
      signals.send({ kind: 'cancel', ...request })
    })
  }
}

function join(signals: Signals, { running, mcp, identity, connections, tenants }: Rooms): void {
  signals.on('cancel', ({ kind: _kind, ...request }) => {
    if (running.cancelHere(request)) signals.send({ kind: 'cancelled', questionId: request.questionId })
  })
  signals.on('cancel-call', ({ call }) => void mcp.cancelHere(call))
  signals.on('changed', ({ what, tenantId, subject }) => {
    const scope: Scope = { tenantId }
    switch (what) {
      case 'people':
        return identity.forget(scope)
      case 'connections':
        return connections.forget(scope)
      case 'tenants':
        return tenants.forget(scope)
      case 'catalog':
        return subject === null ? undefined : connections.rereadCatalog(scope, subject)
    }
  })
  // People, connections and tenants are remembered for a second only; catalogs for long.
  signals.onGap(() => connections.rereadCatalogs())
}
