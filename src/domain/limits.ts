/** Hard limits of one statement; they ride inside the seal. */
export interface Limits {
  /** Time in the database, in the engine and by the outer clock. */
  readonly statementTimeoutMs: number
  /** Longest wait for a lock. */
  readonly lockTimeoutMs: number
  readonly maxRows: number
  /** Bytes of cell text handed on; beyond it the answer is truncated. */
  readonly maxBytes: number
  /** Temporary files the server may write, where the engine can limit it. */
  readonly maxTempBytes: number
}

/** What an answer gets when nobody asks for more. */
export const defaultLimits: Limits = {
  statementTimeoutMs: 30_000,
  lockTimeoutMs: 3_000,
  maxRows: 1_000,
  maxBytes: 16 * 1024 * 1024,
  maxTempBytes: 1024 * 1024 * 1024,
}

/** The most anyone may ask for unless a policy says less (or more). */
export const ceilingLimits: Limits = {
  statementTimeoutMs: 600_000,
  lockTimeoutMs: 10_000,
  maxRows: 20_000_000,
  maxBytes: 16 * 1024 * 1024 * 1024,
  maxTempBytes: 4 * 1024 * 1024 * 1024,
}

/** Each asked limit, but never above the ceiling; what is not asked for comes from `base`. */
export function tightenLimits(ceiling: Limits, base: Limits, asked: Partial<Limits> = {}): Limits {
  const pick = (name: keyof Limits): number => Math.min(asked[name] ?? base[name], ceiling[name])
  return {
    statementTimeoutMs: pick('statementTimeoutMs'),
    lockTimeoutMs: pick('lockTimeoutMs'),
    maxRows: pick('maxRows'),
    maxBytes: pick('maxBytes'),
    maxTempBytes: pick('maxTempBytes'),
  }
}
