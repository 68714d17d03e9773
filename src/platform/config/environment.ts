import type { Setting } from './setting.ts'
import { editDistance, nearestName } from './nearest-name.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Of the few settings that carry our name. */
const ownPrefix = 'AISHELL_'

/** Names that begin so are ours: one we do not know stops the start. OTEL_* belongs to OpenTelemetry and may hold more. */
export const ownedPrefixes = [
  ownPrefix,
  'AUDIT_',
  'CONNECTION_',
  'DB_',
  'DISCOVERY_',
  'LIMIT_',
  'LLM_',
  'OIDC_',
  'RATE_',
  'REDIS_',
] as const

/** What our own test suite hands to the servers it starts. */
const testPrefix = `${ownPrefix}TEST_`

/** What Kubernetes injects for a Service, whatever it is called. */
const serviceLink = /(_SERVICE_HOST|_SERVICE_PORT(_[A-Z0-9_]+)?|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/
const serviceAddress = /^(tcp|udp|sctp):\/\//

/** The text of one setting; null when not given. */
export function rawText(setting: Setting<unknown>, env: Environment): string | null {
  const value = given(env[setting.name])
  return value === null || (!setting.isSecret && isServiceLink(setting.name, value, env)) ? null : value
}

/** The file that NAME_FILE names for a secret; null when not given. Throws a plain Error that completes "NAME …". */
export function secretPath(setting: Setting<unknown>, env: Environment): string | null {
  const path = setting.isSecret ? given(env[`${setting.name}_FILE`]) : null
  if (path !== null && given(env[setting.name]) !== null) throw new Error(`and ${setting.name}_FILE are both set; keep one`)
  return path
}

/** Blank counts as not given: Compose and Helm pass blanks for what nobody filled in. */
function given(value: string | undefined): string | null {
  return value === undefined || value.trim() === '' ? null : value.trim()
}

/** A Service called `redis` makes Kubernetes set REDIS_PORT=tcp://…; that is no setting of ours. */
function isServiceLink(name: string, value: string, env: Environment): boolean {
  return name.endsWith('_PORT') && serviceAddress.test(value) && env[`${name.slice(0, -'PORT'.length)}SERVICE_HOST`] !== undefined
}

/** One line per variable that looks like ours and is not known. `referenced`: names that aishell.yaml points at. */
export function unknownNames(env: Environment, settings: readonly Setting<unknown>[], referenced: ReadonlySet<string>): readonly string[] {
  const known = new Set(settings.flatMap((setting) => (setting.isSecret ? [setting.name, `${setting.name}_FILE`] : [setting.name])))
  const findings: string[] = []
  for (const [name, value = ''] of Object.entries(env)) {
    if (known.has(name) || referenced.has(name) || name.startsWith(testPrefix)) continue
    if (serviceLink.test(name) || (name.endsWith('_PORT') && serviceAddress.test(value))) continue
    const isOwned = ownedPrefixes.some((prefix) => name.startsWith(prefix))
    const nearest = isOwned ? (withoutPrefix(name, known) ?? nearestName(name, known)) : misspelt(name, known)
    if (isOwned || nearest !== null)
      findings.push(`${name} is no setting${nearest === null ? othersLike(name, known) : `; did you mean ${nearest}?`}`)
  }
  return findings.toSorted()
}

/** AISHELL_DATA_DIR is meant to be DATA_DIR: few settings carry our name. */
function withoutPrefix(name: string, known: ReadonlySet<string>): string | null {
  const rest = name.startsWith(ownPrefix) ? name.slice(ownPrefix.length) : ''
  return known.has(rest) ? rest : null
}

function othersLike(name: string, known: ReadonlySet<string>): string {
  if (!name.startsWith(ownPrefix)) return ''
  const like = [...known].filter((one) => one.startsWith(ownPrefix) && !one.endsWith('_FILE'))
  return `; those that begin with ${ownPrefix} are ${like.join(', ')}`
}

/** APP_ENV is the shortest name watched: shorter ones are too near to other programs' variables, which must pass. */
const shortestWatched = 'APP_ENV'.length

/** Only names one slip away, or ours in another case, count. */
function misspelt(name: string, known: ReadonlySet<string>): string | null {
  if (name.length < shortestWatched || name.startsWith('OTEL_')) return null
  for (const candidate of known) {
    if (candidate.length >= shortestWatched && !candidate.startsWith('OTEL_') && editDistance(name.toUpperCase(), candidate) <= 1)
      return candidate
  }
  return null
}
