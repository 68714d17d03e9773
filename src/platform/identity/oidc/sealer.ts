import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { Secret } from '../../../domain/index.ts'

/** Seals small values that only this installation may read back, in a browser's cookie or in the store. */
export interface Sealer {
  seal(purpose: string, text: string): Buffer
  /** null: not ours, changed, sealed for another purpose or with a key that is gone. */
  open(purpose: string, sealed: Buffer): string | null
}

/** AES-256-GCM under a key derived from JWT_SECRET; the purpose is its associated data. */
export function createSealer(secret: Secret): Sealer {
  const key = Buffer.from(hkdfSync('sha256', Buffer.from(secret.reveal(), 'utf8'), '', 'aishell identity seal', 32))
  return {
    seal: (purpose, text) => {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(purpose))
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), body])
    },
    open: (purpose, sealed) => {
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12))
        decipher.setAAD(Buffer.from(purpose)).setAuthTag(sealed.subarray(12, 28))
        return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString('utf8')
      } catch {
        return null // not a fault of ours: whoever sent it gets nothing from it
      }
    },
  }
}
