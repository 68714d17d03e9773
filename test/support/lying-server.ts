import { connect, createServer, type AddressInfo } from 'node:net'
import type { TestDatabase } from './postgres-server.ts'

export interface LyingServer {
  readonly port: number
  /** The next thing the server says is this. */
  lie(bytes: Buffer): void
  close(): Promise<void>
}

/** A real server, until it is told to say something else. */
export async function startLyingServer(database: TestDatabase): Promise<LyingServer> {
  let lie: Buffer | null = null
  const server = createServer((guest) => {
    const real = connect(database.port, database.host)
    guest.on('data', (bytes) => real.write(bytes))
    real.on('data', (bytes) => {
      guest.write(lie ?? bytes)
      lie = null
    })
    for (const [one, other] of [
      [guest, real],
      [real, guest],
    ] as const)
      one.on('error', () => undefined).on('close', () => other.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port, // it listens on a port
    lie: (bytes) => (lie = bytes),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
