import { setTimeout as sleep } from 'node:timers/promises'
import { isShellError, ShellError } from './domain/index.ts'
import type { Settings } from './platform/config/index.ts'
import type { Observe } from './platform/observe/index.ts'
import { isStarting, migrate, pendingMigrations, type StoreAddress } from './platform/store/index.ts'
import { openWaitingServer, type WaitingServer } from './surfaces/http/index.ts'

const lookEveryMs = 500

/**
 * Gives when the store has the schema this version needs. MIGRATIONS says who brings it there: this process, or
 * somebody else who is waited for, or refused to be waited for. While it waits, the server's ports answer.
 */
export async function prepareStore(settings: Settings, address: StoreAddress, observe: Observe, port: number): Promise<void> {
  const patientUntil = Date.now() + settings.store.waitMs
  let reason = ''
  let waiting: WaitingServer | null = null
  try {
    for (;;) {
      const missing = await step(settings, address).catch((error: unknown) => {
        if (!isStarting(error) || Date.now() > patientUntil) throw error
        return isShellError(error) ? error.message : 'The store does not answer.'
      })
      if (missing === null) return
      if (missing !== reason) observe({ type: 'warning', code: 'store.awaited', message: missing })
      reason = missing
      waiting ??= await openWaitingServer({ ...placeOf(settings, port), version: settings.version, reason: () => reason })
      await sleep(lookEveryMs)
    }
  } finally {
    await waiting?.close()
  }
}

/** null: the schema is there. A sentence: what is waited for. */
async function step({ store }: Settings, address: StoreAddress): Promise<string | null> {
  if (store.migrations === 'startup') {
    await migrate(address)
    return null
  }
  const pending = await pendingMigrations(address)
  if (pending.length === 0) return null
  if (store.migrations !== 'off') return `Waiting for \`aishell migrate\`: ${pending.length} migration(s) are missing, first ${pending[0]}.`
  throw new ShellError({
    code: 'store.behind',
    kind: 'failed',
    message: `The store lacks ${pending.length} migration(s), first ${pending[0]}, and MIGRATIONS=off.`,
    hint: 'Run `aishell migrate` with the same settings, then start again.',
  })
}

function placeOf({ server }: Settings, port: number): { readonly host: string; readonly ports: readonly number[] } {
  const isOwnPort = server.metricsPort !== null && server.metricsPort !== 0 && server.metricsPort !== port
  return { host: server.host, ports: isOwnPort && server.metricsPort !== null ? [port, server.metricsPort] : [port] }
}
