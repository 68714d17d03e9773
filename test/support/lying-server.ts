import { connect, createServer, type AddressInfo } from 'node:net'
import type { TestDatabase } from './postgres-server.ts'

export interface LyingServer {
  readonly port: number
  /** The next thing the server says is this; `after`: what it says before that is the truth, so many times. */
  lie(bytes: Buffer, after?: number): void
  close(): Promise<void>
}

/** A real server, until it is told to say something else. */
export async function startLyingServer(database: TestDatabase): Promise<LyingServer> {
  let lie: Buffer | null = null
  let left = 0
  const server = createServer((guest) => {
    const real = connect(database.port, database.host)
    guest.on('data', (bytes) => real.write(bytes))
    real.on('data', (bytes) => {
      const isTrue = lie === null || left-- > 0
      guest.write(isTrue ? bytes : (lie ?? bytes))
      if (!isTrue) lie = null
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
    lie: (bytes, after = 0) => {
      lie = bytes
      left = after
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
