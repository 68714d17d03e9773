import { readFile, stat } from 'node:fs/promises'
import { exportJWK, importJWK, type CryptoKey, type JWK } from 'jose'
import { ShellError, signingRing, type Secret } from '../../domain/index.ts'
import { derivedKeys } from './derived-keys.ts'

/** One key with the one algorithm it may be used with. */
export interface SigningKey {
  readonly kid: string
  readonly alg: string
  readonly sign: CryptoKey | Uint8Array
  readonly verify: CryptoKey | Uint8Array
  /** null: a shared secret, which is published nowhere. */
  readonly publicJwk: JWK | null
}

export interface SigningKeys {
  /** The first signs, all of them verify: a key is added at the end, then moved to the front, then the old one is dropped. */
  current(): Promise<readonly SigningKey[]>
}

const asymmetric = ['ES256', 'ES384', 'EdDSA', 'RS256', 'PS256']
const checkEveryMs = 2_000

/** HS256 with JWT_SECRET; of others, those that `signingRing` names verify. All go by one name: nothing is told of which is which. */
export function secretSigningKeys(secret: Secret, oldSecrets: Secret | null = null): SigningKeys {
  const keys = derivedKeys(() => signingRing(secret, oldSecrets), secretKeyOf)
  return { current: async () => keys() }
}

function secretKeyOf(text: string): SigningKey {
  const bytes = Buffer.from(text, 'utf8')
  return { kid: 'secret', alg: 'HS256', sign: bytes, verify: bytes, publicJwk: null }
}

/** A JWK set of private keys in a file, read again when it changes; what cannot be read leaves the keys as they were. */
export function fileSigningKeys(path: string, failed: (error: unknown) => void): SigningKeys {
  let held: { readonly mtimeMs: number; readonly keys: readonly SigningKey[] } | null = null
  let checkedMs = 0
  return {
    current: async () => {
      if (held !== null && performance.now() - checkedMs < checkEveryMs) return held.keys
      checkedMs = performance.now()
      try {
        const { mtimeMs } = await stat(path)
        if (mtimeMs !== held?.mtimeMs) held = { mtimeMs, keys: await parseKeys(await readFile(path, 'utf8')) }
        return held.keys
      } catch (cause) {
        if (held === null) throw unusable(path, cause)
        failed(cause)
        return held.keys
      }
    },
  }
}

async function parseKeys(text: string): Promise<readonly SigningKey[]> {
  const { keys } = JSON.parse(text) as { keys?: readonly JWK[] }
  if (!Array.isArray(keys) || keys.length === 0) throw new Error('it holds no `keys`')
  return Promise.all((keys as readonly JWK[]).map(parseKey)) // each is checked where it is parsed
}

async function parseKey(jwk: JWK): Promise<SigningKey> {
  const { kid, alg } = jwk
  if (typeof kid !== 'string' || kid === '') throw new Error('a key has no `kid`')
  if (typeof alg !== 'string' || !asymmetric.includes(alg)) throw new Error(`key ${kid} needs an \`alg\` of ${asymmetric.join(', ')}`)
  if (typeof jwk.d !== 'string') throw new Error(`key ${kid} is not a private key`)
  const sign = (await importJWK(jwk, alg, { extractable: true })) as CryptoKey // private, so not a secret's bytes
  const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, oth: _oth, key_ops: _ops, ...open } = await exportJWK(sign)
  const publicJwk: JWK = { ...open, kid, alg, use: 'sig' }
  return { kid, alg, sign, verify: await importJWK(publicJwk, alg), publicJwk }
}

function unusable(path: string, cause: unknown): ShellError {
  return new ShellError({
    code: 'identity.signing-keys',
    kind: 'failed',
    message: `The keys in ${path} (JWT_KEYS_FILE) cannot be used: ${cause instanceof Error ? cause.message : 'unreadable'}.`,
    hint: 'It is a JSON Web Key Set of private keys, each with `kid` and `alg`.',
    cause,
  })
}
