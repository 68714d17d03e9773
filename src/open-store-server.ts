import { join } from 'node:path'
import type { Secret } from './domain/index.ts'
import type { Settings } from './platform/config/index.ts'
import {
  ensureDataDir,
  lockDataDir,
  prepareEmbedded,
  startEmbeddedServer,
  type DemoTarget,
  type StoreAddress,
} from './platform/store/index.ts'

export interface StoreServer {
  readonly address: StoreAddress
  readonly isEmbedded: boolean
  /** The Harbor Goods database; null with a store of the operator's own. */
  readonly demo: DemoTarget | null
  /** Passwords no log line may carry. */
  readonly secrets: readonly Secret[]
  close(): Promise<void>
}

/** The PostgreSQL that keeps AI-Shell's own data: the operator's where DB_HOST names one, else an embedded one. */
export async function openStoreServer(settings: Settings): Promise<StoreServer> {
  ensureDataDir(settings.app.dataDir)
  const { host, port, name, user, password, sslmode } = settings.store
  if (host !== null)
    return {
      address: { host, port, database: name, user, password, sslmode },
      isEmbedded: false,
      demo: null,
      secrets: [],
      close: async () => undefined,
    }
  const unlock = lockDataDir(settings.app.dataDir)
  try {
    const server = await startEmbeddedServer({ home: join(settings.app.dataDir, 'postgres'), isDurable: true })
    const { store, demo } = await prepareEmbedded(server)
    const close = async (): Promise<void> => {
      await server.stop()
      unlock()
    }
    return { address: store, isEmbedded: true, demo, secrets: [demo.password, ...(store.password === null ? [] : [store.password])], close }
  } catch (error) {
    unlock()
    throw error
  }
}
