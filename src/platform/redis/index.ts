// Takes scripts, keys and short messages; gives their replies, or `redis.unavailable` within a tenth of a second.
// Holds one connection for commands and one that listens; standalone, TLS, or behind Sentinels.
// Touches the Redis that the settings name, and nothing where they name none.
// Refuses to be waited for: a Redis that is frozen, gone or makes no sense is left alone until it answers again.
export { createRedis, type RedisOptions } from './create-redis.ts'
export type { Redis, RedisState, Script } from './redis.ts'
