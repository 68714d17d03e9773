const inspect = Symbol.for('nodejs.util.inspect.custom')

/** Where a secret's text comes from when it may change while we run. */
export interface SecretSource {
  current(): string
  /** The present text first, then those it had before; the same array until it changes. */
  known(): readonly string[]
  /** Of these, the present text and those that it replaced no longer ago than this. */
  recent(withinMs: number): readonly string[]
}

/** A value that prints as `[secret]` in logs, JSON, templates and debuggers; `reveal()` is the only way to it. */
export class Secret {
  readonly #source: SecretSource

  constructor(value: string | SecretSource) {
    this.#source = typeof value === 'string' ? fixed(value) : value
  }

  /** The text as it is now: ask again each time it is used, and do not keep it. */
  reveal(): string {
    return this.#source.current()
  }

  /** Also the texts it had before, for what reads what they wrote and for what must keep them out of logs. */
  revealAll(): readonly string[] {
    return this.#source.known()
  }

  /** Also the texts that it replaced lately, for what is signed and lives no longer than that. */
  revealRecent(withinMs: number): readonly string[] {
    return this.#source.recent(withinMs)
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect](): string {
    return '[secret]'
  }
}

function fixed(value: string): SecretSource {
  const known = [value]
  return { current: () => value, known: () => known, recent: () => known }
}

/** The present text first, then all that still read: those it had before, and those `others` names with commas or lines between. */
export function secretRing(secret: Secret, others: Secret | null): readonly string[] {
  return [...new Set([...secret.revealAll(), ...named(others)])]
}

/** As long as anything lives that JWT_SECRET signs. */
export const signedLifeMs = 10 * 60_000
/** Two files of one folder are looked at one after the other. */
const readApartMs = 5_000

/**
 * What signatures are believed under, the present text first. Whoever can sign with a text that has leaked must not be believed for
 * ever: `others`, where given, alone says which count beside the present one; else what it replaced counts as long as what it signed lives.
 */
export function signingRing(secret: Secret, others: Secret | null): readonly string[] {
  return [...new Set([...secret.revealRecent(others === null ? signedLifeMs : readApartMs), ...named(others)])]
}

function named(others: Secret | null): readonly string[] {
  const given = others?.reveal() ?? ''
  return [given, ...given.split(/[,\n]/).map((text) => text.trim())].filter((text) => text !== '') // whole too: a key may itself hold a comma
}
