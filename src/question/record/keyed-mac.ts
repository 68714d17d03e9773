import { hash } from 'node:crypto'

const blockBytes = 64
const digestBytes = 32
/** What links take for the most part; longer messages get room of their own. One for all keys: a code is made in one go. */
const room = Buffer.alloc(16 * 1024)
/** UTF-8 of one UTF-16 code unit, at most. */
const mostBytesOfUnit = 3

/** HMAC-SHA256 under one key. Takes the parts of the message in order; texts as UTF-8. */
export type KeyedMac = (...parts: readonly (string | Uint8Array)[]) => Buffer

/**
 * HMAC-SHA256 (RFC 2104) out of the platform's one-shot hash, with the key's pads made once. `createHmac` wraps the key
 * anew for every message, which costs twenty times the hashing of a link; a test holds the two to the same answers. Digests
 * come as text of one byte a character: a buffer of its own for each costs three times as much.
 */
export function keyedMac(key: Uint8Array): KeyedMac {
  const block = Buffer.alloc(blockBytes)
  block.set(key.length > blockBytes ? hash('sha256', key, 'buffer') : key)
  const inner = block.map((byte) => byte ^ 0x36)
  const outer = Buffer.alloc(blockBytes + digestBytes)
  outer.set(block.map((byte) => byte ^ 0x5c))
  return (...parts) => {
    outer.write(hash('sha256', message(inner, parts), 'binary'), blockBytes, 'binary')
    return Buffer.from(hash('sha256', outer, 'binary'), 'binary')
  }
}

function message(pad: Uint8Array, parts: readonly (string | Uint8Array)[]): Buffer {
  let most = pad.length
  for (const part of parts) most += typeof part === 'string' ? part.length * mostBytesOfUnit : part.length
  const into = most <= room.length ? room : Buffer.allocUnsafe(most)
  into.set(pad)
  let at = pad.length
  for (const part of parts) {
    if (typeof part === 'string') at += into.write(part, at, 'utf8')
    else {
      into.set(part, at)
      at += part.length
    }
  }
  return into.subarray(0, at)
}
