import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Redis } from '../redis/index.ts'
import { openListener, type StoreAddress, type StoreListener } from '../store/index.ts'
import { readSent, writeSent, type Sent, type Signal } from './signal.ts'

export interface SignalsOptions {
  /** New for every process. */
  readonly serverId: string
  readonly address: StoreAddress
  /** null: the store alone carries them. */
  readonly redis: Redis | null
  /**
   * Of this installation, the present one first; asked for each signal. What comes through Redis and is signed with none of them is
   * not heard. While a key rotates, some servers know the new one and some the old: so each signal is sent under every key that is known.
   */
  readonly keys: () => readonly string[]
  /** Channel of this installation in Redis. */
  readonly channel: string
  readonly nowMs?: () => number
}

export interface SignalsState {
  readonly isUp: boolean
  readonly detail: string
}

type Handler<Kind extends Signal['kind']> = (signal: Extract<Signal, { kind: Kind }>) => void

export interface Signals {
  /** Sent to the other servers, never waited for; our own handlers do not hear it. */
  send(signal: Signal): void
  on<Kind extends Signal['kind']>(kind: Kind, handler: Handler<Kind>): void
  /** Signals may have been missed: whoever remembers something should ask the store. */
  onGap(handler: () => void): void
  /** Other servers that were heard of in the last moment. */
  peers(): number
  state(): SignalsState
  /**
   * true on one server at a time, for work that is done once; another gets it when this one dies. Where the store cannot
   * say (LISTEN does not come through), all lead: that work may be done twice, never not at all.
   */
  lead(): Promise<boolean>
  close(): Promise<void>
}

const hereEveryMs = 3_000
/** Four of them: a pause of a process is no death. */
const goneAfterMs = 12_000
const maxRemembered = 2_000
const storeChannel = 'aishell_signals'

export function createSignals(options: SignalsOptions): Signals {
  return new TwoWaySignals(options)
}

class TwoWaySignals implements Signals {
  readonly #options: SignalsOptions
  readonly #nowMs: () => number
  readonly #handlers = new Map<Signal['kind'], ((signal: never) => void)[]>()
  readonly #gapHandlers: (() => void)[] = []
  readonly #peers = new Map<string, number>()
  readonly #heard = new Set<string>()
  readonly #listener: StoreListener
  readonly #timer: NodeJS.Timeout
  #number = 0
  readonly #startedMs: number
  /** When our own words last came back: a way that is silent is known by it. */
  #echoMs = { store: Number.NEGATIVE_INFINITY, redis: Number.NEGATIVE_INFINITY }

  constructor(options: SignalsOptions) {
    this.#options = options
    this.#nowMs = options.nowMs ?? (() => performance.now())
    this.#startedMs = this.#nowMs()
    this.#listener = openListener({
      address: options.address,
      channel: storeChannel,
      heard: (text) => this.#hear(text, 'store'),
      returned: () => {
        for (const handler of this.#gapHandlers) handler()
        this.send({ kind: 'here' })
      },
    })
    options.redis?.subscribe(options.channel, (text) => this.#hearSigned(text))
    this.#timer = setInterval(() => this.send({ kind: 'here' }), hereEveryMs).unref()
    setTimeout(() => this.send({ kind: 'here' }), 250).unref() // once both ways are open, as a rule
  }

  send(signal: Signal): void {
    this.#number += 1
    const text = writeSent({ from: this.#options.serverId, number: this.#number, signal })
    this.#listener.notify(text)
    const { redis, channel, keys } = this.#options
    if (redis !== null) for (const key of keys()) redis.publish(channel, `${signed(key, text)} ${text}`) // who hears it twice acts once
  }

  on<Kind extends Signal['kind']>(kind: Kind, handler: Handler<Kind>): void {
    this.#handlers.set(kind, [...(this.#handlers.get(kind) ?? []), handler])
  }

  onGap(handler: () => void): void {
    this.#gapHandlers.push(handler)
  }

  peers(): number {
    const nowMs = this.#nowMs()
    for (const [id, heardMs] of this.#peers) if (nowMs - heardMs > goneAfterMs) this.#peers.delete(id)
    return this.#peers.size
  }

  state(): SignalsState {
    const nowMs = this.#nowMs()
    const ways = [this.#isAlive('store', nowMs) ? 'the store' : null, this.#isAlive('redis', nowMs) ? 'Redis' : null]
    const open = ways.filter((way) => way !== null)
    const others = `${this.peers()} other server(s)`
    if (open.length > 0) return { isUp: true, detail: `${others}, reached through ${open.join(' and ')}` }
    return { isUp: false, detail: 'other servers cannot be reached: cancelling works only on the server that answers' }
  }

  async lead(): Promise<boolean> {
    const nowMs = this.#nowMs()
    if (this.#isAlive('store', nowMs)) return await this.#listener.lead()
    return nowMs - this.#startedMs > goneAfterMs
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.send({ kind: 'gone' })
    await this.#listener.close()
  }

  #isAlive(way: 'store' | 'redis', nowMs: number): boolean {
    return nowMs - this.#echoMs[way] < goneAfterMs
  }

  /** Whoever can write to Redis must not thereby be able to stop questions. */
  #hearSigned(text: string): void {
    const space = text.indexOf(' ')
    const body = text.slice(space + 1)
    const mac = Buffer.from(text.slice(0, Math.max(0, space)))
    const isOurs = this.#options.keys().some((key) => {
      const expected = Buffer.from(signed(key, body))
      return mac.length === expected.length && timingSafeEqual(mac, expected)
    })
    if (isOurs) this.#hear(body, 'redis')
  }

  #hear(text: string, way: 'store' | 'redis'): void {
    const sent = readSent(text)
    if (sent === null) return
    if (sent.from === this.#options.serverId) this.#echoMs[way] = this.#nowMs()
    else if (this.#isNew(sent)) this.#act(sent)
  }

  #isNew({ from, number }: Sent): boolean {
    const id = `${from} ${number}`
    if (this.#heard.has(id)) return false
    this.#heard.add(id)
    const [oldest] = this.#heard
    if (this.#heard.size > maxRemembered && oldest !== undefined) this.#heard.delete(oldest)
    return true
  }

  #act({ from, signal }: Sent): void {
    const isNewcomer = !this.#peers.has(from)
    if (signal.kind === 'gone') this.#peers.delete(from)
    else this.#peers.set(from, this.#nowMs())
    if (signal.kind === 'here' && isNewcomer) this.send({ kind: 'here' }) // so that it knows of us at once
    for (const handler of this.#handlers.get(signal.kind) ?? []) handler(signal as never) // the map keeps handlers by their kind
  }
}

function signed(key: string, text: string): string {
  return createHmac('sha256', key).update(`signal ${text}`).digest('base64url')
}
