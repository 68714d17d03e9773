import { hash } from 'node:crypto'

const blockBytes = 64
const digestBytes = 32

/** HMAC-SHA256 under one key. Takes the parts of the message in order; texts as UTF-8. */
export type KeyedMac = (...parts: readonly (string | Uint8Array)[]) => Buffer

/**
 * HMAC-SHA256 (RFC 2104) out of the platform's one-shot hash, with the key's pads made once. `createHmac` wraps the key
 * anew for every message, which costs five times the hashing of a link; a test holds the two to the same answers.
 */
export function keyedMac(key: Uint8Array): KeyedMac {
  const block = Buffer.alloc(blockBytes)
  block.set(key.length > blockBytes ? hash('sha256', key, 'buffer') : key)
  const inner = block.map((byte) => byte ^ 0x36)
  const outer = Buffer.alloc(blockBytes + digestBytes)
  outer.set(block.map((byte) => byte ^ 0x5c))
  return (...parts) => {
    const message = Buffer.concat([inner, ...parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'utf8') : part))])
    outer.set(hash('sha256', message, 'buffer'), blockBytes)
    return hash('sha256', outer, 'buffer')
  }
}
