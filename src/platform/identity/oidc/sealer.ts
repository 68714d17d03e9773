import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { derivedKeys } from '../derived-keys.ts'

/** Seals small values that only this installation may read back, in a browser's cookie or in the store. */
export interface Sealer {
  seal(purpose: string, text: string): Buffer
  /** null: not ours, changed, sealed for another purpose or with a key that is gone. */
  open(purpose: string, sealed: Buffer): string | null
}

export interface Sealers {
  /** For the cookie of a sign-in that is under way. */
  readonly flows: Sealer
  /** For the provider's ID token, kept with a session for its end. */
  readonly hints: Sealer
}

/** AES-256-GCM under a key derived from the first of `texts()`, JWT_SECRET; all of them open. The purpose is its associated data. */
export function createSealer(texts: () => readonly string[]): Sealer {
  const keys = derivedKeys(texts, keyOf)
  return {
    seal: (purpose, text) => {
      const [key] = keys()
      if (key === undefined) throw new Error('there is always a key')
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(purpose))
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), body])
    },
    open: (purpose, sealed) => {
      for (const key of keys()) {
        const text = openWith(key, purpose, sealed)
        if (text !== null) return text
      }
      return null
    },
  }
}

function keyOf(text: string): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(text, 'utf8'), '', 'aishell identity seal', 32))
}

function openWith(key: Buffer, purpose: string, sealed: Buffer): string | null {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12))
    decipher.setAAD(Buffer.from(purpose)).setAuthTag(sealed.subarray(12, 28))
    return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString('utf8')
  } catch {
    return null // not a fault of ours: whoever sent it gets nothing from it
  }
}
