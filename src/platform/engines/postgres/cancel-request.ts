import { Connection } from 'pg'
import type { ConnectionOptions } from 'node:tls'

export interface CancelAddress {
  readonly host: string
  readonly port: number
  readonly ssl: false | ConnectionOptions
}

/** The driver's connection as it is at run time; its typings leave these out. */
interface CancelConnection {
  connect(port: number, host: string): void
  requestSsl(): void
  cancel(processId: number, secretKey: number): void
  on(event: 'connect' | 'sslconnect' | 'end' | 'error', listener: () => void): void
  readonly stream: { destroy(): void }
}

const patienceMs = 1_000

/**
 * Asks the server, over another connection to the same address, to stop what a backend is doing. Resolves true once the
 * server has hung up: by then it has sent its signal, so that it can meet no later statement. false: that is not known.
 */
export function requestCancel(address: CancelAddress, processId: number, secretKey: number): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = new Connection({ ssl: address.ssl }) as unknown as CancelConnection // the same object, with the members it really has
    let isSent = false
    const end = (isCertain: boolean): void => {
      clearTimeout(timer)
      resolve(isCertain)
      connection.stream.destroy()
    }
    const timer = setTimeout(() => end(false), patienceMs)
    const send = (): void => {
      isSent = true
      connection.cancel(processId, secretKey)
    }
    connection.on('connect', () => (address.ssl === false ? send() : connection.requestSsl()))
    connection.on('sslconnect', send)
    connection.on('error', () => end(isSent)) // some servers reset instead of closing
    connection.on('end', () => end(isSent))
    connection.connect(address.port, address.host)
  })
}
