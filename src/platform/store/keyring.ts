import { createCipheriv, createDecipheriv, createPrivateKey, createPublicKey, hkdfSync, randomBytes, sign, createHash } from 'node:crypto'
import { isShellError, secretRing, ShellError, type Scope, type Secret } from '../../domain/index.ts'
import type { Keyring, SealedField, Signer, Store } from './store.ts'

const formatVersion = 1
const nonceBytes = 12
const tagBytes = 16

export interface KeyringOptions {
  readonly store: Store
  /** Writes and reads. Asked for its text each time, so that a changed SECRET_KEY_FILE holds from then on; what it was before still reads. */
  readonly secretKey: Secret
  /** Comma-separated keys that only read: those before the present one, or one to come. */
  readonly otherKeys?: Secret | null
}

interface TenantKeys {
  readonly data: Buffer
  readonly audit: Buffer
  signer: Signer | null
}

/** Envelope encryption: SECRET_KEY wraps a random data key per tenant; the data key seals fields and derives the record's keys. */
export function createKeyring(options: KeyringOptions): Keyring {
  const known = new Map<string, TenantKeys>() // the audit key is asked for with every batch of the record
  const loadings = new Map<string, Promise<TenantKeys>>()
  const keys = async (scope: Scope): Promise<TenantKeys> => {
    const held = known.get(scope.tenantId)
    if (held !== undefined) return held
    const running = loadings.get(scope.tenantId)
    if (running !== undefined) return running
    const loading = loadDataKey(options, scope)
      .then((data) => {
        const made = { data, audit: derive(data, 'aishell record chain'), signer: null }
        known.set(scope.tenantId, made)
        return made
      })
      .finally(() => loadings.delete(scope.tenantId)) // after a failure the next caller tries again
    loadings.set(scope.tenantId, loading)
    return loading
  }
  return {
    seal: async (scope, field, plaintext) => encrypt((await keys(scope)).data, Buffer.from(plaintext, 'utf8'), bindingOf(scope, field)),
    open: async (scope, field, sealed) => decrypt((await keys(scope)).data, Buffer.from(sealed), bindingOf(scope, field)).toString('utf8'),
    auditKey: async (scope) => (await keys(scope)).audit,
    signer: async (scope) => {
      const held = await keys(scope)
      held.signer ??= signerOf(derive(held.data, 'aishell record signature'))
      return held.signer
    },
    rewrap: (scope) => rewrap(options, scope),
    forget: (scope) => void known.delete(scope.tenantId),
    maskKey: async (scope, connectionId) => derive((await keys(scope)).data, JSON.stringify(['aishell mask', connectionId])),
  }
}

/** The present key first. */
function wrappingKeys({ secretKey, otherKeys }: KeyringOptions): readonly Buffer[] {
  return secretRing(secretKey, otherKeys ?? null).map((text) => derive(Buffer.from(text, 'utf8'), 'aishell wrapping key'))
}

async function loadDataKey(options: KeyringOptions, scope: Scope): Promise<Buffer> {
  const [current] = wrappingKeys(options)
  if (current === undefined) throw new Error('the ring has a present key')
  const fresh = encrypt(current, randomBytes(32), wrappingOf(scope))
  const wrapped = await options.store.within(scope, async (query) => {
    // Two servers may race for a new tenant: the first key stays, both read it.
    await query
      .updateTable('tenant')
      .set({ wrapped_key: fresh })
      .where('tenant_id', '=', scope.tenantId)
      .where('wrapped_key', 'is', null)
      .execute()
    return await query.selectFrom('tenant').select('wrapped_key').where('tenant_id', '=', scope.tenantId).executeTakeFirst()
  })
  if (wrapped?.wrapped_key == null) throw noKey()
  return unwrap(options, scope, wrapped.wrapped_key).data
}

/** The tag tells which key of the ring it was: no other opens it. */
function unwrap(options: KeyringOptions, scope: Scope, wrapped: Buffer): { readonly data: Buffer; readonly isCurrent: boolean } {
  let cause: unknown = null
  for (const [place, key] of wrappingKeys(options).entries()) {
    try {
      return { data: decrypt(key, wrapped, wrappingOf(scope)), isCurrent: place === 0 }
    } catch (error) {
      if (!isShellError(error)) throw error
      cause = error
    }
  }
  throw new ShellError({
    code: 'store.wrong-secret-key',
    kind: 'failed',
    message: 'SECRET_KEY does not open this store: its secrets were sealed with another key.',
    hint: 'Start with the SECRET_KEY this store was made with, or name that key in SECRET_KEYS_OLD.',
    cause,
  })
}

/** Compare-and-set: of two that rotate at once, or a tenant that goes meanwhile, none loses a key. */
async function rewrap(options: KeyringOptions, scope: Scope): Promise<boolean> {
  return options.store.within(scope, async (query) => {
    const row = await query.selectFrom('tenant').select('wrapped_key').where('tenant_id', '=', scope.tenantId).executeTakeFirst()
    if (row?.wrapped_key == null) return false
    const { data, isCurrent } = unwrap(options, scope, row.wrapped_key)
    const [current] = wrappingKeys(options)
    if (isCurrent || current === undefined) return false
    const { numUpdatedRows } = await query
      .updateTable('tenant')
      .set({ wrapped_key: encrypt(current, data, wrappingOf(scope)) })
      .where('tenant_id', '=', scope.tenantId)
      .where('wrapped_key', '=', row.wrapped_key)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  })
}

function noKey(): ShellError {
  return new ShellError({ code: 'store.no-tenant-key', kind: 'missing', message: 'This tenant has no key.' })
}

function wrappingOf(scope: Scope): string {
  return JSON.stringify(['tenant key', scope.tenantId])
}

function bindingOf(scope: Scope, field: SealedField): string {
  return JSON.stringify([scope.tenantId, field.connectionId, field.field, field.version])
}

/** RFC 8410: this prefix and 32 bytes are an Ed25519 key in PKCS #8. */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')

function signerOf(seed: Buffer): Signer {
  const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(privateKey)
  const der = publicKey.export({ type: 'spki', format: 'der' })
  return {
    keyId: createHash('sha256').update(der).digest('hex').slice(0, 16),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: (text) => sign(null, Buffer.from(text, 'utf8'), privateKey),
  }
}

function encrypt(key: Buffer, plaintext: Buffer, binding: string): Buffer {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(binding, 'utf8'))
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()])
  return Buffer.concat([Buffer.from([formatVersion]), nonce, cipher.getAuthTag(), body])
}

function decrypt(key: Buffer, sealed: Buffer, binding: string): Buffer {
  try {
    if (sealed[0] !== formatVersion) throw new Error('unknown format')
    const nonce = sealed.subarray(1, 1 + nonceBytes)
    const tag = sealed.subarray(1 + nonceBytes, 1 + nonceBytes + tagBytes)
    const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(binding, 'utf8')).setAuthTag(tag)
    return Buffer.concat([decipher.update(sealed.subarray(1 + nonceBytes + tagBytes)), decipher.final()])
  } catch (cause) {
    throw new ShellError({
      code: 'store.seal-broken',
      kind: 'failed',
      message: 'A saved secret cannot be opened: it was changed, moved, or sealed with another key.',
      hint: 'Save the secret again.',
      cause,
    })
  }
}

function derive(key: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', purpose, 32))
}
