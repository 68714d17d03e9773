import type { Signals } from './platform/signals/index.ts'
import type { RunningElsewhere } from './platform/tenancy/index.ts'

/** Changes go out together, so that many short answers cost few signals. */
const sendEveryMs = 100
/** A signal may be lost: all is said again. */
const repeatEveryMs = 2_000
/** What a server has not said again is over, or it is gone. */
const forgottenAfterMs = 3 * repeatEveryMs
/** NOTIFY carries 8,000 bytes. */
const tenantsInOne = 100

interface Said {
  readonly running: number
  readonly atMs: number
}

/** What servers tell one another of the answers they have under way. Where signals do not come through, each counts its own. */
export function openRunningElsewhere(signals: Signals, serverId: string): RunningElsewhere & { close(): void } {
  const own = new Map<string, number>()
  const said = new Map<string, Map<string, Said>>() // by tenant, then by server
  const changed = new Set<string>()
  let waiting: NodeJS.Timeout | null = null
  signals.on('running', ({ server, counts }) => {
    for (const [tenantId, running] of counts) {
      const ofTenant = said.get(tenantId) ?? new Map<string, Said>()
      if (running > 0) said.set(tenantId, ofTenant.set(server, { running, atMs: performance.now() }))
      else if (ofTenant.delete(server) && ofTenant.size === 0) said.delete(tenantId)
    }
  })
  const send = (tenants: readonly string[]): void => {
    for (let from = 0; from < tenants.length; from += tenantsInOne) {
      const counts = tenants.slice(from, from + tenantsInOne).map((tenantId) => [tenantId, own.get(tenantId) ?? 0] as const)
      signals.send({ kind: 'running', server: serverId, counts })
    }
  }
  const sendChanged = (): void => {
    waiting = null
    if (signals.peers() > 0) send([...changed])
    changed.clear()
  }
  const repeating = setInterval(() => {
    if (signals.peers() > 0) send([...own.keys()])
  }, repeatEveryMs).unref()
  const tell = (tenantId: string, running: number): void => {
    if (running > 0) own.set(tenantId, running)
    else own.delete(tenantId)
    changed.add(tenantId)
    waiting ??= setTimeout(sendChanged, sendEveryMs).unref()
  }
  return {
    count: (tenantId) => sum(said.get(tenantId)),
    began: tell,
    ended: (tenantId, running) => {
      if (own.has(tenantId)) tell(tenantId, running)
    },
    close: () => {
      clearInterval(repeating)
      if (waiting !== null) clearTimeout(waiting)
    },
  }
}

function sum(ofTenant: ReadonlyMap<string, Said> | undefined): number {
  const sinceMs = performance.now() - forgottenAfterMs
  let running = 0
  for (const said of ofTenant?.values() ?? []) if (said.atMs > sinceMs) running += said.running
  return running
}
