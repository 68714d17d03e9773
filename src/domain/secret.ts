const inspect = Symbol.for('nodejs.util.inspect.custom')

/** Where a secret's text comes from when it may change while we run. */
export interface SecretSource {
  current(): string
  /** The present text first, then those it had before; the same array until it changes. */
  known(): readonly string[]
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
  return { current: () => value, known: () => known }
}

/** The present text first, then all that still read: those it had before, and those `others` names with commas or lines between. */
export function secretRing(secret: Secret, others: Secret | null): readonly string[] {
  const given = others?.reveal() ?? ''
  const old = [given, ...given.split(/[,\n]/).map((text) => text.trim())] // whole too: a key may itself hold a comma
  return [...new Set([secret.reveal(), ...secret.revealAll(), ...old.filter((text) => text !== '')])]
}
