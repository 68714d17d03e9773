import { Redis as Client, type RedisOptions as ClientOptions } from 'ioredis'
import { ShellError, type Secret } from '../../domain/index.ts'
import type { Observe } from '../observe/index.ts'
import type { Redis, RedisState, Script } from './redis.ts'

export interface RedisOptions {
  /** null with Sentinels. */
  readonly host: string | null
  readonly port: number
  readonly password: Secret | null
  /** `host:port` each. */
  readonly sentinels: readonly string[]
  readonly sentinelName: string | null
  readonly sentinelPassword: Secret | null
  readonly isTls: boolean
  readonly observe: Observe
}

/** Longest time anybody waits for a command. */
const commandTimeoutMs = 100
/** Then what is still owed an answer is given up. */
const abandonMs = 2_000
const connectTimeoutMs = 2_000
/** How often a Redis is looked at: while it is down to use it again, while it is up to notice a frozen one nobody asks. */
const lookEveryMs = 1_000
/** A connection that has not answered for so many looks is opened anew: its other end may be gone without a word. */
const looksToReopen = 3
const longestRetryMs = 2_000
/** One that lies answers PING all the same. */
const distrustMs = 30_000

/** Nothing is waited for: it is `down` until it has answered. */
export function createRedis(options: RedisOptions): Redis {
  return new WatchedRedis(options)
}

class WatchedRedis implements Redis {
  readonly #commands: Client
  readonly #listening: Client
  readonly #observe: Observe
  readonly #kind: 'standalone' | 'sentinel'
  readonly #listeners = new Map<string, (text: string) => void>()
  readonly #defined = new Set<string>()
  readonly #timer: NodeJS.Timeout
  #state: RedisState = { isUp: false, detail: 'has not answered yet' }
  #silentLooks = 0
  #distrustedUntilMs = 0
  #isLooking = false
  #isClosed = false

  constructor(options: RedisOptions) {
    this.#observe = options.observe
    this.#kind = options.sentinels.length === 0 ? 'standalone' : 'sentinel'
    const shared = clientOptions(options)
    this.#commands = new Client({ ...shared, commandTimeout: abandonMs, connectionName: 'aishell' })
    this.#listening = new Client({ ...shared, commandTimeout: abandonMs, connectionName: 'aishell-signals' })
    for (const client of [this.#commands, this.#listening]) {
      client.on('error', (error: Error) => this.#failed(error))
      client.on('reconnecting', () => Object.assign(client.options, passwordsOf(options))) // they may have changed in their files
    }
    this.#commands.on('close', () => this.#state.isUp && this.#down('does not answer')) // why it was refused has been told before
    this.#commands.on('ready', () => void this.#look())
    this.#listening.on('ready', () => void this.#listen([...this.#listeners.keys()]))
    this.#listening.on('message', (channel: string, text: string) => this.#listeners.get(channel)?.(text))
    for (const client of [this.#commands, this.#listening]) client.connect().catch(() => undefined) // `error` has told, and it is tried again
    this.#timer = setInterval(() => void this.#look(), lookEveryMs).unref()
  }

  get isUp(): boolean {
    return this.#state.isUp
  }

  state(): RedisState {
    return this.#state
  }

  async run(script: Script, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
    if (!this.#state.isUp) throw unavailable(null)
    if (!this.#defined.has(script.name)) this.#commands.defineCommand(script.name, { lua: script.lua })
    this.#defined.add(script.name)
    const commands = this.#commands as unknown as Record<string, (...args: (string | number)[]) => Promise<unknown>> // defineCommand adds a method no type knows
    try {
      return await inTime(commands[script.name]?.(keys.length, ...keys, ...values) ?? Promise.resolve(null))
    } catch (error) {
      this.#down(reasonOf(error))
      throw unavailable(error)
    }
  }

  publish(channel: string, text: string): void {
    if (!this.#state.isUp) return
    this.#commands.publish(channel, text).catch((error: unknown) => this.#down(reasonOf(error)))
  }

  subscribe(channel: string, heard: (text: string) => void): void {
    this.#listeners.set(channel, heard)
    if (this.#listening.status === 'ready') void this.#listen([channel])
  }

  distrust(): void {
    this.#distrustedUntilMs = performance.now() + distrustMs
    this.#down('gives replies that make no sense')
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    this.#commands.disconnect()
    this.#listening.disconnect()
  }

  /** Asks both connections whether they live; only an answer makes it usable again. */
  async #look(): Promise<void> {
    if (this.#isLooking || this.#isClosed) return
    this.#isLooking = true
    try {
      if (this.#commands.status !== 'ready') return
      if ((await inTime(this.#commands.ping())) !== 'PONG') return this.distrust()
      this.#silentLooks = 0
      this.#up()
      if (this.#listening.status === 'ready') await this.#listening.ping()
    } catch (error) {
      if (!this.#state.isUp || this.#silentLooks === 0) this.#down(reasonOf(error))
      this.#silentLooks += 1
      if (this.#silentLooks >= looksToReopen) this.#reopen()
    } finally {
      this.#isLooking = false
    }
  }

  #reopen(): void {
    this.#silentLooks = 0
    for (const client of [this.#commands, this.#listening]) if (client.status === 'ready') client.disconnect(true)
  }

  async #listen(channels: readonly string[]): Promise<void> {
    if (channels.length > 0) await this.#listening.subscribe(...channels).catch(() => this.#listening.disconnect(true))
  }

  #failed(error: Error): void {
    if (!this.#isClosed) this.#down(reasonOf(error))
  }

  #up(): void {
    if (this.#state.isUp || performance.now() < this.#distrustedUntilMs) return
    this.#state = { isUp: true, detail: 'answers' }
    this.#observe({ type: 'redis-changed', kind: this.#kind, ...this.#state })
  }

  #down(detail: string): void {
    if (this.#isClosed) return
    const wasUp = this.#state.isUp
    const isNews = wasUp || this.#state.detail !== detail
    this.#state = { isUp: false, detail }
    if (isNews) this.#observe({ type: 'redis-changed', kind: this.#kind, ...this.#state })
  }
}

/**
 * Rejects when the reply takes too long. Where it was this very process that had no time, the reply may lie in the socket
 * unread: that is looked at once more before Redis is blamed.
 */
function inTime(reply: Promise<unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => setImmediate(reject, new Error('no reply in time')), commandTimeoutMs)
    const over = (): void => clearTimeout(timer)
    reply.then(resolve, reject).finally(over)
  })
}

function clientOptions(options: RedisOptions): ClientOptions {
  const { host, port, sentinels, sentinelName, isTls } = options
  const tls = isTls ? { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true } : {}
  const place =
    sentinels.length === 0
      ? { host: host ?? '', port }
      : {
          sentinels: sentinels.map(addressOf),
          name: sentinelName ?? '',
          sentinelCommandTimeout: connectTimeoutMs,
          sentinelRetryStrategy: delayMs,
          failoverDetector: true,
        }
  return {
    ...place,
    ...passwordsOf(options),
    ...tls,
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false, // done by hand when it is ready, so that a failure is seen
    maxRetriesPerRequest: 0,
    connectTimeout: connectTimeoutMs,
    disableClientInfo: true,
    keepAlive: 10_000,
    retryStrategy: delayMs,
    // A primary that has become a replica refuses to write: ask the Sentinels again.
    reconnectOnError: (error) => /^READONLY/.test(error.message),
  }
}

function passwordsOf({ password, sentinels, sentinelPassword }: RedisOptions): Pick<ClientOptions, 'password' | 'sentinelPassword'> {
  return {
    ...(password === null ? {} : { password: password.reveal() }),
    ...(sentinelPassword === null || sentinels.length === 0 ? {} : { sentinelPassword: sentinelPassword.reveal() }),
  }
}

function addressOf(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(':')
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) }
}

function delayMs(attempt: number): number {
  return Math.min(longestRetryMs, 50 * 2 ** Math.min(attempt, 10))
}

/** Of what went wrong only what an operator can act on: messages may carry addresses. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : ''
  if (/WRONGPASS|NOAUTH|invalid password/i.test(text)) return 'refuses REDIS_PASSWORD'
  if (/certificate|self.signed|SSL|TLS/i.test(text)) return 'has a certificate that is not trusted, or speaks no TLS'
  if (/sentinel/i.test(text)) return 'is not known to the Sentinels, or they do not answer'
  if (/^(READONLY|LOADING|MASTERDOWN|OOM|MISCONF|NOPERM)/.test(text)) return `refuses commands (${text.split(' ', 1)[0]})`
  return 'does not answer'
}

function unavailable(cause: unknown): ShellError {
  return new ShellError({
    code: 'redis.unavailable',
    kind: 'failed',
    message: 'Redis does not answer.',
    hint: 'Nothing needs it; limits are kept by each server until it is back.',
    ...(cause === null ? {} : { cause }),
  })
}
