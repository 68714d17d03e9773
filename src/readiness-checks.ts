import { isShellError } from './domain/index.ts'
import type { Settings } from './platform/config/index.ts'
import type { Models } from './platform/models/index.ts'
import type { Store } from './platform/store/index.ts'
import type { ReadinessCheck } from './surfaces/http/index.ts'

interface Rooms {
  readonly settings: Settings
  readonly store: Store
  readonly models: Models
}

/** What /ready looks at: the store decides; models and a switched-off record are only shown. */
export function readinessChecks({ settings, store, models }: Rooms): readonly ReadinessCheck[] {
  const checkStore: ReadinessCheck = async () => {
    try {
      await store.check()
      return { name: 'store', state: 'ok', detail: 'answers, all migrations are in' }
    } catch (error) {
      return { name: 'store', state: 'failed', detail: isShellError(error) ? error.message : 'does not answer' }
    }
  }
  const checkRecord: ReadinessCheck = async () =>
    settings.access.isAuditEnabled
      ? { name: 'record', state: 'ok', detail: 'every answer is recorded' }
      : { name: 'record', state: 'degraded', detail: 'AUDIT_ENABLED=false: nothing is recorded' }
  const checkModels: ReadinessCheck = async () => {
    const states = models.state()
    const down = states.filter((one) => one.state === 'degraded')
    if (states.length === 0) return { name: 'model', state: 'ok', detail: 'none configured; the built-in drafter answers' }
    return {
      name: 'model',
      state: down.length === 0 ? 'ok' : 'degraded',
      detail: states.map((one) => `${one.provider}: ${one.detail}`).join('; '),
    }
  }
  return [checkStore, checkRecord, checkModels]
}
