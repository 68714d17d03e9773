import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext, TLSSocket } from 'node:tls'
import type { TestDatabase } from './postgres-server.ts'

export interface TlsFront {
  readonly port: number
  close(): Promise<void>
}

/** A PostgreSQL that speaks TLS, under a certificate nobody knows: in front of one that does not. */
export async function startTlsFront(database: TestDatabase): Promise<TlsFront> {
  const secureContext = createSecureContext(selfSigned())
  const server = createServer((guest) => {
    guest.on('error', () => undefined)
    guest.once('data', () => {
      guest.write('S') // to its SSLRequest
      const secured = new TLSSocket(guest, { isServer: true, secureContext })
      const real = connect(database.port, database.host)
      secured.pipe(real).pipe(secured)
      for (const one of [secured, real]) one.on('error', () => [secured, real].forEach((each) => each.destroy()))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port, // it listens on a port
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function selfSigned(): { readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'aishell-tls-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=front', '-keyout', key, '-out', cert]
  execFileSync('openssl', made, { stdio: 'ignore' })
  const both = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  rmSync(folder, { recursive: true, force: true })
  return both
}
