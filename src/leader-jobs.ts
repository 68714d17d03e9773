import type { Observe } from './platform/observe/index.ts'

const lookEveryMs = 1_000

export interface LeaderJob {
  readonly everyMs: number
  /** Once more when the server stops. */
  readonly isDoneAtEnd: boolean
  /** Never throws. */
  round(): Promise<unknown>
}

/**
 * Runs each job's rounds on the one server that leads, and looks every second who that is: when the leader dies another
 * goes on. Gives the way to stop, which waits for what runs.
 */
export function startLeaderJobs(lead: () => Promise<boolean>, jobs: readonly LeaderJob[], observe: Observe): () => Promise<void> {
  const lastMs = new Map<LeaderJob, number>()
  let isLeader = false
  const running = new Map<LeaderJob, Promise<unknown>>()
  let looking: Promise<void> | null = null
  const look = async (): Promise<void> => {
    const leads = await lead()
    if (leads !== isLeader) observe({ type: 'leader-changed', leads })
    isLeader = leads
    if (!leads) return
    for (const job of jobs) {
      const nowMs = performance.now()
      if (running.has(job) || nowMs - (lastMs.get(job) ?? Number.NEGATIVE_INFINITY) < job.everyMs) continue
      lastMs.set(job, nowMs)
      running.set(
        job,
        job.round().finally(() => running.delete(job)),
      )
    }
  }
  const timer = setInterval(() => {
    looking ??= look().finally(() => {
      looking = null
    })
  }, lookEveryMs)
  return async () => {
    clearInterval(timer)
    await looking
    await Promise.all(running.values())
    if (isLeader) for (const job of jobs) if (job.isDoneAtEnd) await job.round() // before the store goes
  }
}
