import { Secret } from '../../domain/index.ts'

/** One setting: its name in the environment, how its text is read, and what the reference says of it. */
export interface Setting<Value> {
  readonly name: string
  readonly description: string
  /** How the reference names what may be written, e.g. `whole number, 1 to 65535`. */
  readonly accepts: string
  readonly isSecret: boolean
  readonly defaultValue: Value
  /** Where production starts from something else. */
  readonly productionDefault?: Value
  /** Throws a plain Error whose message completes "NAME …", and never repeats a secret. */
  parse(text: string): Value
}

interface About<Value> {
  readonly description: string
  readonly defaultValue: Value
  readonly productionDefault?: Value
}

export function text<Value extends string | null>(name: string, about: About<Value>): Setting<Value | string> {
  return { name, ...about, accepts: 'text', isSecret: false, parse: (value) => value }
}

export function secret(name: string, description: string): Setting<Secret | null> {
  return { name, description, defaultValue: null, accepts: 'secret text', isSecret: true, parse: (value) => new Secret(value) }
}

export function oneOf<const Choice extends string>(
  name: string,
  choices: readonly Choice[],
  about: About<NoInfer<Choice>>,
): Setting<Choice> {
  return {
    name,
    ...about,
    accepts: choices.map((choice) => `\`${choice}\``).join(', '),
    isSecret: false,
    parse: (value) => {
      const found = choices.find((choice) => choice === value.toLowerCase())
      if (found === undefined) throw new Error(`must be one of ${choices.join(', ')}, not "${value}"`)
      return found
    },
  }
}

export function flag(name: string, about: About<boolean>): Setting<boolean> {
  return {
    name,
    ...about,
    accepts: '`true`, `false`',
    isSecret: false,
    parse: (value) => {
      if (/^(true|yes|on|1)$/i.test(value)) return true
      if (/^(false|no|off|0)$/i.test(value)) return false
      throw new Error(`must be true or false, not "${value}"`)
    },
  }
}

export function whole<Value extends number | null>(
  name: string,
  range: readonly [min: number, max: number],
  about: About<Value>,
): Setting<Value | number> {
  const [min, max] = range
  return {
    name,
    ...about,
    accepts: `whole number, ${min} to ${max}`,
    isSecret: false,
    parse: (value) => {
      const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN
      if (number >= min && number <= max) return number
      throw new Error(`must be a whole number from ${min} to ${max}, not "${value}"`)
    },
  }
}

/** An absolute http(s) address without a trailing slash. */
export function address(name: string, about: About<string | null>): Setting<string | null> {
  return {
    name,
    ...about,
    accepts: 'http:// or https:// address',
    isSecret: false,
    parse: (value) => {
      const url = URL.canParse(value) ? new URL(value) : null
      if (url === null || !/^https?:$/.test(url.protocol)) throw new Error('must be an http:// or https:// address')
      if (url.username !== '' || url.password !== '') throw new Error('must not carry a user name or password')
      return value.replace(/\/+$/, '')
    },
  }
}

/** Comma-separated; blanks around items do not count. `check` gives what is wrong with an item, or null. */
export function list(
  name: string,
  item: string,
  about: About<readonly string[]>,
  check: (item: string) => string | null = () => null,
): Setting<readonly string[]> {
  return {
    name,
    ...about,
    accepts: `comma-separated ${item}`,
    isSecret: false,
    parse: (value) => {
      const items = value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '')
      for (const part of items) {
        const wrong = check(part)
        if (wrong !== null) throw new Error(`has an item "${part}" that ${wrong}`)
      }
      return Object.freeze(items)
    },
  }
}
