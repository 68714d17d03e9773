import type { Settings } from './platform/config/index.ts'
import type { DiscoveredConnection } from './platform/connections/index.ts'
import { openDiscovery } from './platform/discovery/index.ts'
import type { Observe } from './platform/observe/index.ts'
import type { ReadinessCheck } from './surfaces/http/index.ts'

export interface DiscoveredConnections {
  readonly discovered: () => readonly DiscoveredConnection[]
  /** None without discovery. */
  readonly checks: readonly ReadinessCheck[]
  close(): Promise<void>
}

const none: readonly DiscoveredConnection[] = []

/** Connections from Secrets of the cluster; nothing is asked of any API unless DISCOVERY_ENABLED says so. */
export function openDiscovered({ discovery: wanted }: Settings, observe: Observe): DiscoveredConnections {
  const { isEnabled, namespace, apiServer, accountDir } = wanted
  if (!isEnabled || namespace === null) return { discovered: () => none, checks: [], close: async () => undefined }
  const discovery = openDiscovery({ address: apiServer, accountDir, namespace, observe })
  return {
    discovered: () => discovery.found(),
    checks: [async () => ({ name: 'discovery', ...discovery.state() })],
    close: () => discovery.close(),
  }
}

/** What the operator has declared, in a file or in a Secret, the operator has allowed. Looked at anew for every sign-in. */
export function hostsOf(settings: Settings, discovered: () => readonly DiscoveredConnection[], demoHosts: readonly string[]) {
  const fixed = [...settings.connections.allowedHosts, ...settings.declared.flatMap(hostOf), ...demoHosts]
  return {
    allowPrivateHosts: settings.connections.allowPrivateHosts,
    get allowedHosts() {
      return [...fixed, ...discovered().flatMap(hostOf)]
    },
  }
}

function hostOf({ input }: Settings['declared'][number]): readonly string[] {
  return 'host' in input.target ? [input.target.host] : []
}
