import type { Script } from '../../redis/index.ts'

/**
 * Token buckets that all servers share, filled by Redis' own clock. Per key: the limit per minute (also what it holds at
 * most) and how many tokens are wanted. Gives three numbers per key: tokens given, tokens left, and milliseconds until one
 * comes where none was given. A key nobody uses for a minute would be full, so it goes.
 */
export const takeTokens: Script = {
  name: 'aishellTakeTokens',
  lua: `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local out = {}
for i, key in ipairs(KEYS) do
  local limit, wanted = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local held = redis.call('HMGET', key, 'tokens', 'at')
  local tokens, at = tonumber(held[1]) or limit, tonumber(held[2]) or now
  tokens = math.min(limit, tokens + math.max(0, now - at) * limit / 60000)
  local given = math.min(wanted, math.floor(tokens))
  tokens = tokens - given
  redis.call('HSET', key, 'tokens', string.format('%.6f', tokens), 'at', string.format('%.0f', now))
  redis.call('PEXPIRE', key, 60000)
  out[#out + 1] = given
  out[#out + 1] = math.floor(tokens)
  out[#out + 1] = given > 0 and 0 or math.max(1, math.ceil((1 - tokens) * 60000 / limit))
end
return out`,
}

export interface Given {
  readonly given: number
  readonly left: number
  readonly waitMs: number
}

/** null: these are not the numbers that the script gives. */
export function readGiven(reply: unknown, asked: readonly { readonly limit: number; readonly wanted: number }[]): readonly Given[] | null {
  if (!Array.isArray(reply) || reply.length !== asked.length * 3) return null
  const numbers: readonly unknown[] = reply
  const read = asked.map(({ limit, wanted }, at): Given | null => {
    const [given, left, waitMs] = numbers.slice(at * 3, at * 3 + 3)
    if (!isWithin(given, wanted) || !isWithin(left, limit) || !isWithin(waitMs, 60_000)) return null
    return { given, left, waitMs }
  })
  const sound = read.filter((one) => one !== null)
  return sound.length === asked.length ? sound : null
}

function isWithin(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most
}
