import type { Identity } from './platform/identity/index.ts'
import type { Observe } from './platform/observe/index.ts'
import type { RunningAnswers } from './surfaces/http/index.ts'

const everyMs = 500

/**
 * Ends running answers whose credential no longer holds, wherever it was revoked: asks the store twice a second while
 * anything runs, so that no message between replicas can be lost. Gives the way to stop.
 */
export function watchRevocations(rooms: {
  readonly running: RunningAnswers
  readonly identity: Pick<Identity, 'live'>
  readonly observe: Observe
}): () => Promise<void> {
  const { running, identity, observe } = rooms
  let looking: Promise<void> | null = null
  const look = async (): Promise<void> => {
    const credentials = running.credentials()
    if (credentials.length === 0) return
    try {
      const live = await identity.live(credentials)
      running.endAllBut((id) => live.has(id), credentials)
    } catch (error) {
      observe({ type: 'failure', code: 'identity.watch', error })
    }
  }
  const timer = setInterval(() => {
    looking ??= look().finally(() => {
      looking = null
    })
  }, everyMs)
  return async () => {
    clearInterval(timer)
    await looking
  }
}
