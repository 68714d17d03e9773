import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net'
import { Client } from 'pg'
import type { TestDatabase } from './postgres-server.ts'

export interface TwoFacedPooler {
  readonly port: number
  /** From now on the guest's statements go to another session of the server, signed in long ago. */
  exchange(): Promise<void>
  close(): Promise<void>
}

/**
 * A pooler for one guest that hands through its first session's own process id, as an honest one never would, and puts
 * another session in its place when told.
 */
export async function startTwoFacedPooler(database: TestDatabase): Promise<TwoFacedPooler> {
  const other = new Client({ ...database.reader, password: database.reader.password.reveal() })
  other.on('error', () => undefined) // it is hung up on at the end
  await other.connect()
  const spare = (other as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream // typings leave it out
  let guest: Socket | null = null
  let first: Socket | null = null
  let isExchanged = false
  const server: Server = createServer((socket) => {
    guest = socket
    first = connect(database.port, database.host)
    socket.on('data', (bytes) => (isExchanged ? spare : first)?.write(bytes))
    first.on('data', (bytes) => !isExchanged && socket.write(bytes))
    for (const one of [socket, first]) one.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port, // it listens on a port
    exchange: async () => {
      spare.removeAllListeners('data')
      spare.on('data', (bytes: Buffer) => guest?.write(bytes))
      isExchanged = true
    },
    close: async () => {
      guest?.destroy()
      first?.destroy()
      spare.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
