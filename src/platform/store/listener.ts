import { Client } from 'pg'
import { clientConfig, type StoreAddress } from './store-address.ts'

export interface StoreListener {
  /** Sent to every listener of the channel, this one too; false: there is no connection just now. At most 8,000 bytes. */
  notify(text: string): boolean
  /** true: this listener has, or now gets, the lock that one listener of the channel can have. It goes with the connection. */
  lead(): Promise<boolean>
  close(): Promise<void>
}

export interface ListenerOptions {
  readonly address: StoreAddress
  /** A plain name. */
  readonly channel: string
  heard(text: string): void
  /** It listens again after a time in which it may have missed something. */
  returned(): void
}

const firstRetryMs = 100
const longestRetryMs = 2_000
/** A process that is frozen says nothing: then PostgreSQL ends the connection, and with it the lock. */
const idleTimeoutMs = 15_000
/** Any number, the same in every version. */
const leaderLock = 4_711_072_402

interface Listening {
  readonly connection: Client
  readonly inTurn: <Result>(work: () => Promise<Result>) => Promise<Result>
}

/** A connection is asked one thing at a time; where nothing is under way, at once. */
function oneAtATime(): Listening['inTurn'] {
  let last: Promise<void> | null = null
  return (work) => {
    const asked = last === null ? work() : last.then(work)
    const over = (): void => {
      if (last === settled) last = null
    }
    const settled: Promise<void> = asked.then(over, over)
    last = settled
    return asked
  }
}

/**
 * LISTEN and NOTIFY on a connection of its own, opened again as often as it is lost. Whoever opens it must notify at least
 * every few seconds, or it is taken for dead.
 */
export function openListener(options: ListenerOptions): StoreListener {
  const { address, channel } = options
  let client: Listening | null = null
  let retry: NodeJS.Timeout | null = null
  let attempt = 0
  let hasListened = false
  let leads = false
  let isClosed = false

  const lost = (gone: Client): void => {
    if (client?.connection === gone) {
      client = null
      leads = false
    }
    gone.removeAllListeners().on('error', () => undefined) // its last words interest nobody
    gone.end().catch(() => undefined) // it may be gone already
    if (isClosed || retry !== null) return
    attempt += 1
    retry = setTimeout(
      () => {
        retry = null
        void open()
      },
      Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(attempt, 10)),
    ).unref()
  }

  const open = async (): Promise<void> => {
    const fresh = new Client({ ...clientConfig(address), application_name: 'aishell-signals' })
    fresh.on('error', () => lost(fresh))
    fresh.on('end', () => lost(fresh))
    fresh.on('notification', ({ payload }) => payload !== undefined && options.heard(payload))
    try {
      await fresh.connect()
      await fresh.query(`SET idle_session_timeout = ${idleTimeoutMs}; LISTEN ${channel}`)
    } catch {
      return lost(fresh)
    }
    if (isClosed) return lost(fresh)
    client = { connection: fresh, inTurn: oneAtATime() }
    attempt = 0
    if (hasListened) options.returned()
    hasListened = true
  }

  void open()
  return {
    notify: (text) => {
      const now = client
      if (now === null) return false
      now.inTurn(() => now.connection.query('SELECT pg_notify($1, $2)', [channel, text])).catch(() => lost(now.connection))
      return true
    },
    lead: async () => {
      const now = client
      if (now === null || leads) return leads
      try {
        const ask = () => now.connection.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1) AS got', [leaderLock])
        const { rows } = await now.inTurn(ask)
        leads = client === now && rows[0]?.got === true
      } catch {
        lost(now.connection)
      }
      return leads
    },
    close: async () => {
      isClosed = true
      if (retry !== null) clearTimeout(retry)
      const now = client
      client = null
      leads = false
      now?.connection.removeAllListeners('end')
      await now?.connection.end().catch(() => undefined) // it may be gone already
    },
  }
}
