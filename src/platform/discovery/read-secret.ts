import { parse } from 'yaml'
import { connectionInputShape, policyShape, type ConnectionInput, type PolicyBody } from '../../contract/index.ts'
import { Secret } from '../../domain/index.ts'

/** The part of a Kubernetes Secret that is looked at. */
export interface KubernetesSecret {
  readonly metadata: {
    readonly name: string
    readonly resourceVersion?: string
    readonly creationTimestamp?: string
  }
  /** Base64. */
  readonly data?: Readonly<Record<string, string>>
}

/** A connection as a Secret describes it. */
export interface FoundConnection {
  /** Without a password. */
  readonly input: ConnectionInput
  readonly password: Secret | null
  readonly writerPassword: Secret | null
  /** null: the open policy. */
  readonly policy: PolicyBody | null
  /** The Secret's version: changes with every change of it. */
  readonly version: string
}

/** What is wrong with a Secret, in words that hold none of its values. */
export class UnusableSecret extends Error {}

/** Other spellings that operators of databases write into their Secrets. */
const spellings: Readonly<Record<string, readonly string[]>> = {
  name: ['name'],
  description: ['description'],
  engine: ['engine'],
  host: ['host', 'hostname'],
  port: ['port'],
  database: ['database', 'dbname'],
  user: ['user', 'username'],
  password: ['password'],
  writerUser: ['writerUser', 'writerUsername'],
  writerPassword: ['writerPassword'],
  sslmode: ['sslmode'],
  file: ['file'],
  labels: ['labels'],
  policy: ['policy'],
}

/** Keys that may lie beside them and are not read: whole addresses repeat what is there already. */
const ignored = new Set(['uri', 'fqdn-uri', 'jdbc-uri', 'fqdn-jdbc-uri', 'pgpass', 'type', 'provider'])

/** Throws `UnusableSecret`. */
export function readSecret(secret: KubernetesSecret): FoundConnection {
  const given = fieldsOf(secret)
  const { engine = 'postgres', name = secret.metadata.name, description, labels, policy, ...place } = given
  const { password, writerPassword, ...open } = place
  if (writerPassword !== undefined && open['writerUser'] === undefined) throw new UnusableSecret('it has writerPassword and no writerUser')
  const target = engine === 'sqlite' ? { file: open['file'] } : serverTarget(open)
  const parsed = connectionInputShape.safeParse({
    name,
    engine,
    target,
    ...(description === undefined ? {} : { description }),
    ...(labels === undefined ? {} : { labels: labels.split(',').map((label) => label.trim()) }),
  })
  if (!parsed.success) throw new UnusableSecret(parsed.error.issues.map(inWords).join('; '))
  return {
    input: parsed.data,
    password: password === undefined ? null : new Secret(password),
    writerPassword: writerPassword === undefined ? null : new Secret(writerPassword),
    policy: policy === undefined ? null : policyOf(policy),
    version: `${secret.metadata.creationTimestamp ?? ''} ${secret.metadata.resourceVersion ?? ''}`,
  }
}

function serverTarget({ port, writerUser, ...place }: Partial<Record<string, string>>): object {
  return {
    ...place,
    ...(port === undefined ? {} : { port: portOf(port) }),
    ...(writerUser === undefined ? {} : { writer: { user: writerUser } }),
  }
}

function fieldsOf({ data = {} }: KubernetesSecret): Partial<Record<string, string>> {
  const fields: Record<string, string> = {}
  for (const [key, encoded] of Object.entries(data)) {
    if (ignored.has(key)) continue
    const field = Object.keys(spellings).find((known) => spellings[known]?.includes(key))
    if (field === undefined) throw new UnusableSecret(`it has the key ${key}, which no connection has`)
    if (fields[field] !== undefined) throw new UnusableSecret(`it gives ${field} twice`)
    fields[field] = textOf(key, encoded)
  }
  return fields
}

function textOf(key: string, encoded: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(encoded, 'base64')).replace(/\r?\n$/, '')
  } catch {
    throw new UnusableSecret(`${key} is no text`)
  }
}

function portOf(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text)
  throw new UnusableSecret('port is no number')
}

/** A policy that cannot be read closes its connection: an open one in its place would show what it hides. */
function policyOf(text: string): PolicyBody {
  let value: unknown
  try {
    value = parse(text, { maxAliasCount: 100, prettyErrors: false })
  } catch {
    throw new UnusableSecret('policy is neither YAML nor JSON')
  }
  const parsed = policyShape.safeParse(value)
  if (parsed.success) return parsed.data
  throw new UnusableSecret(`policy: ${parsed.error.issues.map(inWords).join('; ')}`)
}

/** Messages of the shapes name what is expected and never what was given. */
function inWords(issue: { readonly path: readonly PropertyKey[]; readonly message: string }): string {
  const path = issue.path.filter((part) => part !== 'target').join('.')
  return path === '' ? issue.message : `${path}: ${issue.message}`
}
