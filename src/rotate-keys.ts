import { isShellError } from './domain/index.ts'
import { ensureKeys, type Settings } from './platform/config/index.ts'
import { createKeyring, createStore, tenantScopes, type Keyring, type Store } from './platform/store/index.ts'
import { openStoreServer } from './open-store-server.ts'

export interface Rotated {
  readonly tenants: number
  readonly rewrapped: number
  /** Keys that no key of the ring opens; they stay as they are. */
  readonly failed: number
}

/** Wraps the data key of every tenant with the present SECRET_KEY. Servers go on meanwhile: a data key itself never changes. */
export async function rotateKeys(settings: Settings): Promise<Rotated> {
  const storeServer = await openStoreServer(settings)
  const store = createStore({ address: storeServer.address, poolMax: 2 })
  try {
    const keyring = createKeyring({ store, secretKey: ensureKeys(settings).secretKey, otherKeys: settings.access.oldSecretKeys })
    return await rewrapAll(store, keyring)
  } finally {
    await store.close()
    await storeServer.close()
  }
}

async function rewrapAll(store: Store, keyring: Keyring): Promise<Rotated> {
  const scopes = await tenantScopes(store)
  let [rewrapped, failed] = [0, 0]
  for (const scope of scopes) {
    try {
      if (await keyring.rewrap(scope)) rewrapped++
    } catch (error) {
      if (!isShellError(error) || error.code !== 'store.wrong-secret-key') throw error
      failed++
    }
  }
  return { tenants: scopes.length, rewrapped, failed }
}
