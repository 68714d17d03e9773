import { realpathSync } from 'node:fs'
import { dirname, normalize } from 'node:path'
import { Secret } from '../../domain/index.ts'
import type { Environment } from './environment.ts'
import { SecretFile } from './secret-file.ts'

/** One item of CONNECTION_SECRET_SOURCES. */
interface SourceRule {
  /** By name; `default` where the item names none. */
  readonly tenant: string
  readonly kind: 'env' | 'file'
  /** A name or a path; a star at the end stands for any rest of a name, or for the files in a folder. */
  readonly place: string
  /** The only host the secret may be sent to; null: any that connections may have. */
  readonly host: string | null
}

/** Who wants which secret, and where it would be sent. */
export interface SecretWanted {
  /** The tenant's name. */
  readonly tenant: string
  /** `env:NAME` or `file:/path`. */
  readonly reference: string
  readonly host: string
}

const item = /^(?:([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)=)?(?:env:([A-Za-z_][A-Za-z0-9_]*\*?)|file:(\/[^@*\0]*\*?))(?:@([^@\s*]+))?$/

/** What is wrong with an item of CONNECTION_SECRET_SOURCES, as words that complete its name; null: nothing. */
export function sourceProblem(text: string): string | null {
  const rule = ruleOf(text)
  if (rule === null) return 'is not [tenant=]env:NAME or [tenant=]file:/path, each with a * at its end or not, and @host or not'
  if (rule.kind === 'file' && normalize(rule.place) !== rule.place) return 'is a path that goes up or around'
  return rule.place.endsWith('*') && rule.kind === 'file' && !rule.place.endsWith('/*')
    ? 'may have its * for all files of a folder only'
    : null
}

function ruleOf(text: string): SourceRule | null {
  const [whole, tenant = 'default', env, file, host = null] = item.exec(text) ?? []
  if (whole === undefined) return null
  return env === undefined ? { tenant, kind: 'file', place: file ?? '', host } : { tenant, kind: 'env', place: env, host }
}

/**
 * The secrets connections may refer to. `own`: names of this server's own settings, which are never among them, whatever the items say.
 * Gives null for what is not allowed or not there, alike: whoever asks learns nothing of files and variables.
 */
export function secretSources(
  items: readonly string[],
  env: Environment,
  own: ReadonlySet<string>,
): (wanted: SecretWanted) => Secret | null {
  const rules = items.map(ruleOf).filter((rule) => rule !== null)
  const files = new Map<string, Secret>()
  return ({ tenant, reference, host }) => {
    const split = reference.indexOf(':')
    const [kind, place] = [reference.slice(0, split), reference.slice(split + 1)]
    const rule = rules.find(
      (one) =>
        one.tenant === tenant &&
        one.kind === kind &&
        covers(one, place) &&
        (one.host === null || one.host.toLowerCase() === host.toLowerCase()),
    )
    if (rule === undefined) return null
    if (rule.kind === 'env') return own.has(place) || own.has(place.replace(/_FILE$/, '')) ? null : fromEnv(env[place])
    try {
      if (!isInside(rule, place)) return null
      const held = files.get(place) ?? new Secret(new SecretFile({ name: reference, path: place }))
      files.set(place, held) // one for all that refer to it: it keeps what it was, for logs
      return held
    } catch {
      return null // it is not there, or cannot be read
    }
  }
}

function covers({ kind, place: allowed }: SourceRule, place: string): boolean {
  if (!allowed.endsWith('*')) return place === allowed
  const stem = allowed.slice(0, -1)
  return kind === 'env'
    ? place.startsWith(stem)
    : place.startsWith(stem) && !place.slice(stem.length).includes('/') && place.length > stem.length
}

/** A link may lead to another place in the folder, as Kubernetes' do, but not out of it. */
function isInside({ place: allowed }: SourceRule, place: string): boolean {
  if (!allowed.endsWith('*')) return true
  return normalize(place) === place && `${realpathSync(place)}/`.startsWith(`${realpathSync(dirname(allowed))}/`)
}

function fromEnv(text: string | undefined): Secret | null {
  return text === undefined || text === '' ? null : new Secret(text)
}
