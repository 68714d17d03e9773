import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { ShellError, type Scope, type Secret } from '../../domain/index.ts'
import type { Keyring, SealedField, Store } from './store.ts'

const formatVersion = 1
const nonceBytes = 12
const tagBytes = 16

/** Envelope encryption: SECRET_KEY wraps a random data key per tenant; the data key seals fields and derives the record's key. */
export function createKeyring(options: { readonly store: Store; readonly secretKey: Secret }): Keyring {
  const wrappingKey = derive(Buffer.from(options.secretKey.reveal(), 'utf8'), 'aishell wrapping key')
  const dataKeys = new Map<string, Promise<Buffer>>()
  const auditKeys = new Map<string, Buffer>() // asked for with every batch of the record
  const dataKey = (scope: Scope): Promise<Buffer> => {
    const known = dataKeys.get(scope.tenantId)
    if (known !== undefined) return known
    const loading = loadDataKey(options.store, scope, wrappingKey)
    dataKeys.set(scope.tenantId, loading)
    loading.catch(() => dataKeys.delete(scope.tenantId)) // the next caller tries again
    return loading
  }
  return {
    seal: async (scope, field, plaintext) => encrypt(await dataKey(scope), Buffer.from(plaintext, 'utf8'), bindingOf(scope, field)),
    open: async (scope, field, sealed) => decrypt(await dataKey(scope), Buffer.from(sealed), bindingOf(scope, field)).toString('utf8'),
    auditKey: async (scope) => {
      const known = auditKeys.get(scope.tenantId)
      if (known !== undefined) return known
      const made = derive(await dataKey(scope), 'aishell record chain')
      auditKeys.set(scope.tenantId, made)
      return made
    },
    maskKey: async (scope, connectionId) => derive(await dataKey(scope), JSON.stringify(['aishell mask', connectionId])),
  }
}

async function loadDataKey(store: Store, scope: Scope, wrappingKey: Buffer): Promise<Buffer> {
  const binding = JSON.stringify(['tenant key', scope.tenantId])
  const fresh = encrypt(wrappingKey, randomBytes(32), binding)
  const wrapped = await store.within(scope, async (query) => {
    // Two servers may race for a new tenant: the first key stays, both read it.
    await query
      .updateTable('tenant')
      .set({ wrapped_key: fresh })
      .where('tenant_id', '=', scope.tenantId)
      .where('wrapped_key', 'is', null)
      .execute()
    return await query.selectFrom('tenant').select('wrapped_key').where('tenant_id', '=', scope.tenantId).executeTakeFirst()
  })
  if (wrapped?.wrapped_key == null)
    throw new ShellError({ code: 'store.no-tenant-key', kind: 'missing', message: 'This tenant has no key.' })
  try {
    return decrypt(wrappingKey, wrapped.wrapped_key, binding)
  } catch (cause) {
    throw new ShellError({
      code: 'store.wrong-secret-key',
      kind: 'failed',
      message: 'SECRET_KEY does not open this store: its secrets were sealed with another key.',
      hint: 'Start with the SECRET_KEY this store was made with.',
      cause,
    })
  }
}

function bindingOf(scope: Scope, field: SealedField): string {
  return JSON.stringify([scope.tenantId, field.connectionId, field.field, field.version])
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
