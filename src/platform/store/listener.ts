import { Client } from 'pg'
import { clientConfig, type StoreAddress } from './store-address.ts'

export interface StoreListener {
  /** Sent to every listener of the channel, this one too; false: there is no connection just now. At most 8,000 bytes. */
  notify(text: string): boolean
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

/** LISTEN and NOTIFY on a connection of its own, opened again as often as it is lost. */
export function openListener(options: ListenerOptions): StoreListener {
  const { address, channel } = options
  let client: Client | null = null
  let retry: NodeJS.Timeout | null = null
  let attempt = 0
  let hasListened = false
  let isClosed = false

  const lost = (gone: Client): void => {
    if (client === gone) client = null
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
      await fresh.query(`LISTEN ${channel}`)
    } catch {
      return lost(fresh)
    }
    if (isClosed) return lost(fresh)
    client = fresh
    attempt = 0
    if (hasListened) options.returned()
    hasListened = true
  }

  void open()
  return {
    notify: (text) => {
      const now = client
      if (now === null) return false
      now.query('SELECT pg_notify($1, $2)', [channel, text]).catch(() => lost(now))
      return true
    },
    close: async () => {
      isClosed = true
      if (retry !== null) clearTimeout(retry)
      const now = client
      client = null
      now?.removeAllListeners('end')
      await now?.end().catch(() => undefined) // it may be gone already
    },
  }
}
