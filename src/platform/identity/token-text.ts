import { hash, randomBytes } from 'node:crypto'

const shape = /^ais_[A-Za-z0-9_-]{32,200}$/

/** `ais_` and 32 random bytes: the prefix lets scanners of leaked secrets know ours. */
export function newTokenText(): string {
  return `ais_${randomBytes(32).toString('base64url')}`
}

/** What else is random and looked up by its digest; the prefix says what it opens. */
export function newSecretText(kind: 'session' | 'device' | 'invitation' | 'browser'): string {
  return `ais-${kind}_${randomBytes(32).toString('base64url')}`
}

export function isTokenText(text: string): boolean {
  return shape.test(text)
}

export function isSecretText(kind: Parameters<typeof newSecretText>[0], text: string): boolean {
  return text.length <= 200 && text.startsWith(`ais-${kind}_`)
}

/** What is kept. A plain digest is enough: there is nothing to guess in 32 random bytes. */
export function hashToken(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}
