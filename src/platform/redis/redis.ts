/** A Lua script: runs in Redis as one step. */
export interface Script {
  /** Of the script, for humans; scripts of one name must have one text. */
  readonly name: string
  readonly lua: string
}

export interface RedisState {
  readonly isUp: boolean
  /** A sentence's end, for /ready; holds no address and no secret. */
  readonly detail: string
}

/** A Redis that is never waited for. */
export interface Redis {
  readonly isUp: boolean
  state(): RedisState
  /** Throws `redis.unavailable` at once while it is down, and after the command's time-out when it does not answer. */
  run(script: Script, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown>
  /** Sent and not waited for; lost while Redis is down. */
  publish(channel: string, text: string): void
  /** Every text that is published from now on, our own too. One listener per channel. */
  subscribe(channel: string, heard: (text: string) => void): void
  /** A reply made no sense: it is left alone for a moment. */
  distrust(): void
  close(): Promise<void>
}
