import { connect as connectTcp } from 'node:net'
import { Client } from 'pg'
import { ShellError } from '../../../domain/index.ts'
import type { PostgresTarget } from './postgres-target.ts'
import type { Session } from '../lease-pool.ts'
import { openFailure } from './errors.ts'

/** One signed-in PostgreSQL session. */
export class PostgresSession implements Session {
  readonly client: Client
  readonly #address: { readonly host: string; readonly port: number }
  #isUsable = true

  private constructor(client: Client, address: { readonly host: string; readonly port: number }) {
    this.client = client
    this.#address = address
    client.on('error', () => this.spoil())
    client.on('end', () => this.spoil())
  }

  /** `address` is the host's checked and pinned IP; TLS still checks the name. */
  static async open(target: PostgresTarget, address: string, connectTimeoutMs: number): Promise<PostgresSession> {
    const client = new Client({
      host: address,
      port: target.port,
      database: target.database,
      user: target.user,
      password: target.password?.reveal() ?? '', // never from the environment or a .pgpass of this machine
      ssl: target.sslmode === 'disable' ? false : { rejectUnauthorized: target.sslmode === 'verify-full', servername: target.host },
      application_name: 'aishell',
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
    })
    try {
      await client.connect()
    } catch (error) {
      throw openFailure(target, error)
    }
    return new PostgresSession(client, { host: address, port: target.port })
  }

  get isUsable(): boolean {
    return this.#isUsable
  }

  /** Never lent again: a statement was cut, or the state is not known. */
  spoil(): void {
    this.#isUsable = false
  }

  /** Asks the server to stop what runs here. The session is spoilt, so a late signal can hit no other statement. */
  cancel(): void {
    this.spoil()
    const { processID, secretKey } = this.client as unknown as { processID: number; secretKey: number } // set by the server at sign-in, not in the typings
    const request = Buffer.alloc(16)
    request.writeInt32BE(16, 0)
    request.writeInt32BE(80_877_102, 4) // CancelRequest, PostgreSQL protocol 3.0
    request.writeInt32BE(processID, 8)
    request.writeInt32BE(secretKey, 12)
    const socket = connectTcp(this.#address.port, this.#address.host, () => socket.end(request))
    socket.on('error', () => this.destroy()) // the server does not even take a cancel: hang up
    setTimeout(() => this.destroy(), hangUpMs).unref()
  }

  /** Hangs up without a word; for a server that does not react. */
  destroy(): void {
    this.spoil()
    const { connection } = this.client as unknown as { connection: { stream: { destroy(): void } } } // the socket is not in the typings
    connection.stream.destroy()
  }

  async close(): Promise<void> {
    this.spoil()
    const ended = this.client.end()
    setTimeout(() => this.destroy(), 1_000).unref()
    await ended.catch(() => undefined) // it is thrown away whatever it says
  }

  /** Our own fixed text only: never anything a person or a model wrote. */
  async own<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const result = await this.client.query<Row>({ text, values: [...values] })
    return result.rows
  }
}

const hangUpMs = 3_000

export function noSession(): ShellError {
  return new ShellError({ code: 'engines.lost', kind: 'failed', message: 'The database hung up.', hint: 'Ask again.' })
}
