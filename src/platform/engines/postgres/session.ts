import { isIP } from 'node:net'
import { Client } from 'pg'
import { andThen, ShellError, type Awaitable } from '../../../domain/index.ts'
import type { Session } from '../lease-pool.ts'
import { requestCancel, type CancelAddress } from './cancel-request.ts'
import { openFailure } from './errors.ts'
import { MessageFrames, type MessageHandler } from './message-frames.ts'
import { PortalRead, type PortalReadOptions } from './portal-read.ts'
import type { PostgresTarget } from './postgres-target.ts'
import { endRead, type OwnStatement, type ReadSettings } from './prologue.ts'
import { assertSound } from './sound-messages.ts'

/** The client's fields that its typings leave out; the server gives the key at sign-in. */
interface ClientInside {
  readonly processID: number
  readonly secretKey: number
  readonly connection: {
    readonly stream: {
      destroy(): void
      on(event: 'data', listener: (chunk: Buffer) => void): void
      removeListener(event: 'data', listener: (chunk: Buffer) => void): void
      listeners(event: 'data'): ((chunk: Buffer) => void)[]
    }
    on(event: 'readyForQuery' | 'end' | 'sslconnect', listener: () => void): void
  }
}

/** The statement under way, whatever it gathers. */
type AnyPortal = Pick<PortalRead<unknown>, 'isSent' | 'over' | 'takesCopies' | 'begin' | 'add' | 'message' | 'pieceRead' | 'handleError'>

type Ended = Pick<PortalRead<unknown>, 'idle' | 'isUnopened'>

/** One signed-in PostgreSQL session. */
export class PostgresSession implements Session {
  readonly client: Client
  readonly #address: CancelAddress
  readonly #kept = new Set<string>()
  #isUsable = true
  #cancelling: Promise<void> | null = null
  #portal: AnyPortal | null = null
  #held: string | null = null
  #given: { readonly settings: ReadSettings; readonly times: number } | null = null

  private constructor(client: Client, address: CancelAddress) {
    this.client = client
    this.#address = address
    client.on('error', () => this.spoil())
    client.on('end', () => this.spoil())
    // Before the driver's own listeners, which would first send what waits: that is then not taken for what has ended.
    this.#inside.connection.on('readyForQuery', () => this.#portal?.isSent === true && this.#endPortal())
    this.#inside.connection.on('end', () => this.#endPortal())
  }

  /** `address` is the host's checked and pinned IP; TLS still checks the name. */
  static async open(target: Omit<PostgresTarget, 'writer'>, address: string, connectTimeoutMs: number): Promise<PostgresSession> {
    const ssl = target.sslmode === 'disable' ? (false as const) : tlsOptions(target)
    const client = new Client({
      host: address,
      port: target.port,
      database: target.database,
      user: target.user,
      // A function: for an empty text the driver would take PGPASSWORD or a .pgpass of this machine, and send it to a stranger.
      password: () => target.password?.reveal() ?? '',
      ssl,
      application_name: 'aishell',
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
    })
    const session = new PostgresSession(client, { host: address, port: target.port, ssl })
    try {
      const signedIn = client.connect()
      // Before anything can come: the driver reads the connection from now on, or from the end of TLS' handshake on.
      if (ssl === false) session.#listen()
      else session.#inside.connection.on('sslconnect', () => session.#listen())
      await signedIn
    } catch (error) {
      session.destroy()
      throw openFailure(target, error)
    }
    return session
  }

  get isUsable(): boolean {
    return this.#isUsable
  }

  get processId(): number {
    return this.#inside.processID
  }

  /** Sends a statement; nothing else may be sent until its `idle`, and then `settle`. */
  start<Batch>(options: PortalReadOptions<Batch>): PortalRead<Batch> {
    const portal = new PortalRead(options, this.#kept)
    this.#portal = portal
    this.client.query(portal as never) // a submittable, see PortalRead; pg's typings know only its own
    return portal
  }

  /** What comes before a read: its settings, or a look at them where an earlier `keepGiven` has left them with the session. */
  opening(settings: ReadSettings): readonly OwnStatement[] {
    if (settings.kept === null) return settings.opening
    if (this.#held === settings.token) return settings.kept.opening
    const times = this.#given?.settings === settings ? this.#given.times + 1 : 1
    this.#given = { settings, times }
    return settings.opening
  }

  /** true: several statements in a row were given the same settings, and `keepGiven` can leave them with the server's session. */
  get hasToKeep(): boolean {
    return this.#given !== null && this.#given.settings.kept !== null && this.#given.times >= timesBeforeKept && this.#isUsable
  }

  /** Between two loans. */
  async keepGiven(): Promise<void> {
    const { token = '', kept = null } = this.#given?.settings ?? {}
    if (kept === null) return
    this.#given = null
    const hangUp = setTimeout(() => this.destroy(), keepPatienceMs)
    try {
      const [row] = await this.own<{ readonly processId: number }>(kept.leave.text, kept.leave.values)
      this.#held = row?.processId === this.processId ? token : null // else a pooler, whose server may be another one next time
    } catch {
      this.destroy()
    } finally {
      clearTimeout(hangUp)
    }
  }

  /** Never lent again: its state is not known. */
  spoil(): void {
    this.#isUsable = false
  }

  /** Asks the server to stop what runs here. `settle` waits until the request can hit nothing else. */
  cancel(): void {
    const { processID, secretKey } = this.#inside
    this.#cancelling ??= this.#requestCancel(processID, secretKey)
  }

  /** After a statement whose transaction goes on: waits for a cancel under way, so that it can hit nothing else. */
  quiet(portal: Ended): Promise<void> {
    return portal.idle.then(() => this.#quieten(portal))
  }

  /** After a statement: waits for a cancel under way, then rolls back what is still open. */
  settle(portal: Ended): Promise<void> {
    return portal.idle.then(() => andThen(this.#quieten(portal), () => this.#rollBack()))
  }

  #quieten(portal: Ended): Awaitable<void> {
    return andThen(this.#cancelling ?? undefined, () => {
      if (portal.isUnopened) this.destroy()
    })
  }

  #rollBack(): Awaitable<void> {
    if (!this.#isUsable || this.client.getTransactionStatus() === 'I') return
    return this.client.query(endRead).then(
      () => undefined,
      () => this.destroy(),
    )
  }

  /** Hangs up without a word; for a server that does not react. */
  destroy(): void {
    this.spoil()
    this.#inside.connection.stream.destroy()
  }

  async close(): Promise<void> {
    if (!this.#isUsable) return this.destroy()
    this.spoil()
    const timer = setTimeout(() => this.destroy(), goodbyeMs)
    await this.client.end().catch(() => undefined) // it is thrown away whatever it says
    clearTimeout(timer)
  }

  /** Our own fixed text only: never anything a person or a model wrote. */
  async own<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const result = await this.client.query<Row>({ text, values: [...values] })
    return result.rows
  }

  /** Stands before the driver's reader: a statement takes its rows out of the bytes itself, and what is no message is nobody's. */
  #listen(): void {
    const { stream } = this.#inside.connection
    const [parse] = stream.listeners('data')
    if (parse === undefined) throw new Error('The driver does not read its connection')
    stream.removeListener('data', parse)
    const frames = new MessageFrames(this.#reader(parse))
    stream.on('data', (chunk) => {
      try {
        frames.feed(chunk)
        this.#sent?.pieceRead()
      } catch (error) {
        this.#sent?.handleError(error)
        this.destroy()
      }
    })
  }

  /** Messages are the portal's where one is sent, and else the driver's. */
  #reader(parse: (bytes: Buffer) => void): MessageHandler {
    return {
      takesCopies: () => this.#sent?.takesCopies === true,
      begin: (bytes, isCopied) => {
        if (this.#sent !== null) this.#sent.begin(bytes, isCopied)
        else if (bytes > mostOwnBytes) throw new Error('The server sent more than we have asked for')
      },
      add: (chunk, start, end) => this.#sent?.add(chunk, start, end),
      message: (bytes, at, body, end) => {
        if (this.#sent?.message(bytes, at, body, end) === true) return
        assertSound(bytes, at, body, end)
        parse(bytes.subarray(at, end))
      },
    }
  }

  get #sent(): AnyPortal | null {
    return this.#portal?.isSent === true ? this.#portal : null
  }

  #endPortal(): void {
    const portal = this.#portal
    this.#portal = null
    portal?.over()
  }

  async #requestCancel(processId: number, secretKey: number): Promise<void> {
    const isCertain = await requestCancel(this.#address, processId, secretKey)
    if (!isCertain) this.destroy()
    this.#cancelling = null
  }

  get #inside(): ClientInside {
    return this.client as unknown as ClientInside // see ClientInside
  }
}

const goodbyeMs = 1_000
/** Of one message that is no part of somebody's result. */
const mostOwnBytes = 64 * 1024 * 1024
const keepPatienceMs = 2_000
/** Askers may choose their limits; a session that is given others each time keeps none. */
const timesBeforeKept = 2

/** RFC 6066 forbids addresses as server names; the certificate is then checked against the address itself. */
function tlsOptions(target: PostgresTarget): { readonly host: string; readonly rejectUnauthorized: boolean; readonly servername?: string } {
  const options = { host: target.host, rejectUnauthorized: target.sslmode === 'verify-full' }
  return isIP(target.host) === 0 ? { ...options, servername: target.host } : options
}

export function lost(): ShellError {
  return new ShellError({ code: 'engines.lost', kind: 'failed', message: 'The database hung up.', hint: 'Ask again.' })
}
