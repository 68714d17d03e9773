import type { Kysely } from 'kysely'
import type { Scope } from '../../domain/index.ts'
import type { Database } from './schema.ts'

export type Query = Kysely<Database>

/** The metadata PostgreSQL, through its runtime role: owns nothing, cannot bypass row-level security. */
export interface Store {
  /** One transaction in which only the scope's tenant exists (`app.tenant_id` set locally, RLS forced). */
  within<Result>(scope: Scope, work: (query: Query) => Promise<Result>): Promise<Result>
  /** One transaction with no tenant: sees only tables that belong to none, and what their policies open to start-up jobs. */
  withoutTenant<Result>(work: (query: Query) => Promise<Result>): Promise<Result>
  /**
   * One statement, committed by itself, that calls a function of the migrations which takes role and tenant on its own;
   * gives its only row. Straight to the driver, which keeps it parsed where it can: the record does this for every question.
   */
  call<Row extends object>(text: string, values: readonly unknown[]): Promise<Row>
  /** Throws `store.unreachable`, `store.role-refused` or `store.behind`; used by /ready. */
  check(): Promise<void>
  close(): Promise<void>
}

export interface SealedField {
  readonly connectionId: string
  readonly field: string
  readonly version: number
}

/** AES-256-GCM envelope: a data key per tenant, wrapped by SECRET_KEY; the associated data binds tenant, connection, field, version. */
export interface Keyring {
  seal(scope: Scope, field: SealedField, plaintext: string): Promise<Uint8Array>
  /** Throws `store.seal-broken` when the bytes were made for another place or changed. */
  open(scope: Scope, field: SealedField, sealed: Uint8Array): Promise<string>
  /** 32 bytes for the tenant's chain of record entries. */
  auditKey(scope: Scope): Promise<Uint8Array>
  /** 32 bytes for the hash masks of one connection: they stay the same for the connection's life. */
  maskKey(scope: Scope, connectionId: string): Promise<Uint8Array>
  /** Signs what leaves the tenant's record. Its private half is derived from the sealed data key and lies nowhere. */
  signer(scope: Scope): Promise<Signer>
  /** Wraps the tenant's data key with the present SECRET_KEY where another of the ring still does; true: it was changed. */
  rewrap(scope: Scope): Promise<boolean>
  /** After the tenant has gone: its keys leave this process too. */
  forget(scope: Scope): void
}

/** Ed25519 (RFC 8032). */
export interface Signer {
  /** The first 16 hex digits of SHA-256 over the public key's SPKI bytes. */
  readonly keyId: string
  /** PEM, SPKI. */
  readonly publicKey: string
  /** 64 bytes over the text's UTF-8. */
  sign(text: string): Uint8Array
}
