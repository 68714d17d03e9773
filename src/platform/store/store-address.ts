import type { ClientConfig } from 'pg'
import type { Secret } from '../../domain/index.ts'

export const sslModes = ['disable', 'require', 'verify-full'] as const
export type SslMode = (typeof sslModes)[number]

/** Where the metadata PostgreSQL is; the same for an embedded and an external one. */
export interface StoreAddress {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: Secret | null
  readonly sslmode: SslMode
}

export function clientConfig(address: StoreAddress): ClientConfig {
  const { password } = address
  return {
    host: address.host,
    port: address.port,
    database: address.database,
    user: address.user,
    // Asked for at each sign-in: it may have changed since the last.
    ...(password === null ? {} : { password: () => password.reveal() }),
    // `require` encrypts without checking the certificate, as libpq does; `verify-full` checks it.
    ssl: address.sslmode === 'disable' ? false : { rejectUnauthorized: address.sslmode === 'verify-full' },
    application_name: 'aishell',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  }
}
