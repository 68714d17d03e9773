import { connect } from 'node:net'
import { createConnection } from 'mysql2'
import { ShellError } from '../../../domain/index.ts'
import type { Session } from '../lease-pool.ts'
import { openFailure } from './errors.ts'
import type { MysqlTarget } from './mysql-target.ts'
import { PreparedRead, type PreparedReadOptions } from './prepared-read.ts'
import { endRead, readGreeting, sessionNames, type ServerFacts } from './settings.ts'
import type { WireConnection } from './wire.ts'

const goodbyeMs = 1_000
const killPatienceMs = 900
/** Told to the killed session by ER_QUERY_INTERRUPTED. */
const interrupted = 1317

/** One signed-in session. */
export class MysqlSession implements Session {
  readonly facts: ServerFacts
  readonly #connection: WireConnection
  readonly #kill: (threadId: number) => Promise<boolean>
  #isUsable = true
  #isGone = false
  #running: PreparedRead | null = null
  #cancelling: Promise<void> | null = null

  private constructor(connection: WireConnection, kill: (threadId: number) => Promise<boolean>) {
    this.#connection = connection
    this.#kill = kill
    this.facts = readGreeting(connection._handshakePacket?.serverVersion ?? '')
    const onGone = (error: unknown): void => {
      this.#isGone = true
      this.spoil()
      this.#running?.fail(error ?? new Error('the connection was closed'))
    }
    connection.on('error', onGone)
    connection.on('end', () => onGone(new Error('the connection was closed')))
  }

  /** `address` is the host's checked and pinned IP; TLS still checks the name. */
  static async open(target: Omit<MysqlTarget, 'writer'>, address: string, connectTimeoutMs: number): Promise<MysqlSession> {
    const session = new MysqlSession(await signIn(target, address, connectTimeoutMs), (threadId) => killQuery(target, address, threadId))
    try {
      await session.own(sessionNames)
    } catch (error) {
      session.destroy()
      throw openFailure(target, error)
    }
    return session
  }

  get isUsable(): boolean {
    return this.#isUsable
  }

  get threadId(): number {
    return this.#connection.threadId ?? 0
  }

  /** Sends a statement; nothing else may be sent until its `idle`, and then `settle`. */
  start(options: PreparedReadOptions): PreparedRead {
    this.#running = new PreparedRead(this.#connection, options)
    return this.#running
  }

  /** Never lent again: its state is not known. What is under way may still be ended. */
  spoil(): void {
    this.#isUsable = false
  }

  /** Asks the server, over another connection, to stop what runs here. `settle` waits until the request can hit nothing else. */
  cancel(): void {
    this.#cancelling ??= this.#requestCancel()
  }

  /** After a statement whose transaction goes on: waits for a cancel under way, and takes its blow with a statement of our own. */
  async quiet(read: Pick<PreparedRead, 'idle'>): Promise<void> {
    await read.idle
    this.#running = null
    if (this.#cancelling === null) return
    await this.#cancelling
    await this.#absorbKill()
  }

  /** After a statement: the same, then rolls back. */
  async settle(read: Pick<PreparedRead, 'idle'>): Promise<void> {
    await this.quiet(read)
    if (this.#isUsable) await this.own(endRead).catch(() => this.destroy())
  }

  /** Hangs up without a word; for a server that does not react. */
  destroy(): void {
    this.#isGone = true
    this.spoil()
    this.#connection.destroy()
    this.#running?.fail(new Error('the connection was closed'))
  }

  async close(): Promise<void> {
    if (!this.#isUsable) return this.destroy()
    this.spoil()
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, goodbyeMs)
      this.#connection.end(() => {
        clearTimeout(timer)
        resolve()
      })
    })
    this.destroy()
  }

  /** Our own fixed text only: never anything a person or a model wrote. */
  own<Row extends object>(text: string): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      if (this.#isGone) return reject(lost())
      this.#connection.query(text, (error, rows) => {
        if (error !== null && error !== undefined) reject(error)
        else resolve(Array.isArray(rows) ? (rows as Row[]) : []) // as the text names its columns
      })
    })
  }

  async #requestCancel(): Promise<void> {
    if (!(await this.#kill(this.threadId))) this.destroy()
  }

  /** A KILL that came after the statement had ended waits for the next one: that is to be ours. */
  async #absorbKill(): Promise<void> {
    for (let attempt = 0; this.#isUsable && attempt < 2; attempt++) {
      const isClean = await this.own('DO 0').then(
        () => true,
        (error: { errno?: number }) => {
          if (error.errno !== interrupted) this.destroy()
          return false
        },
      )
      if (isClean) break
    }
    this.#cancelling = null
  }
}

/** KILL QUERY from another connection. true: the server has done it, so it can meet no later statement than the next. */
async function killQuery(target: Omit<MysqlTarget, 'writer'>, address: string, threadId: number): Promise<boolean> {
  let connection: WireConnection | null = null
  const timer = setTimeout(() => connection?.destroy(), killPatienceMs)
  try {
    connection = await signIn(target, address, killPatienceMs)
    connection.on('error', () => undefined)
    const killer = connection
    return await new Promise<boolean>((resolve) => {
      killer.on('end', () => resolve(false))
      killer.query(`KILL QUERY ${threadId}`, (error) => resolve(error === null || error === undefined))
    })
  } catch {
    return false
  } finally {
    clearTimeout(timer)
    connection?.destroy()
  }
}

function signIn(target: Omit<MysqlTarget, 'writer'>, address: string, connectTimeoutMs: number): Promise<WireConnection> {
  return new Promise((resolve, reject) => {
    const { host, port, user, database, password } = target
    const connection = createConnection({
      host, // for the name in the certificate only: the stream goes to the pinned address
      port,
      stream: () => {
        const socket = connect({ host: address, port, keepAlive: true })
        socket.setNoDelay(true)
        return socket
      },
      user,
      database,
      password: password?.reveal() ?? '',
      ...(target.sslmode === 'disable'
        ? {}
        : { ssl: { rejectUnauthorized: target.sslmode === 'verify-full', verifyIdentity: target.sslmode === 'verify-full' } }),
      charset: 'utf8mb4_general_ci',
      connectTimeout: connectTimeoutMs,
      multipleStatements: false,
      // No file of this machine is ever sent; IGNORE_SPACE and ODBC would change how the server reads SQL.
      flags: ['-LOCAL_FILES', '-IGNORE_SPACE', '-ODBC', '-MULTI_STATEMENTS'],
      supportBigNumbers: true,
      bigNumberStrings: true,
      dateStrings: true,
      disableEval: true,
    }) as unknown as WireConnection // the same object, with the members it really has
    const refuse = (error: unknown): void => {
      connection.destroy()
      reject(openFailure(target, error))
    }
    connection.once('error', refuse)
    connection.once('connect', () => resolve(connection))
  })
}

export function lost(): ShellError {
  return new ShellError({ code: 'engines.lost', kind: 'failed', message: 'The database hung up.', hint: 'Ask again.' })
}
