import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml'
import { z } from 'zod'
import { builtinRoles, Secret, type RoleDefinition } from '../../domain/index.ts'
import {
  connectionInputShape,
  mysqlTargetShape,
  newRoleNameShape,
  policyShape,
  postgresTargetShape,
  roleInputShape,
  slugShape,
  sqliteTargetShape,
  writerShape,
} from '../../contract/index.ts'
import type { ConnectionInput, PolicyBody, Wire } from '../../contract/index.ts'
import type { Environment } from './environment.ts'
import { SecretFile } from './secret-file.ts'
import { nearestName } from './nearest-name.ts'

/** A connection as aishell.yaml declares it, its password resolved. */
export interface DeclaredConnection {
  /** Without a password. */
  readonly input: ConnectionInput
  readonly password: Secret | null
  readonly writerPassword?: Secret | null
  /** null: the open policy. */
  readonly policy: PolicyBody | null
}

export interface AishellFile {
  readonly connections: readonly DeclaredConnection[]
  readonly roles: readonly RoleDefinition[]
  readonly signIn: readonly SignInRule[]
  /** Environment variables the file points at; they are known names. */
  readonly referencedEnv: ReadonlySet<string>
  /** Where passwords are read from. */
  readonly secretFiles: readonly SecretFile[]
  readonly problems: readonly string[]
}

export const aishellFileName = 'aishell.yaml'
const maxFileBytes = 4 * 1024 * 1024

const [postgresInput, mysqlInput, sqliteInput] = connectionInputShape.options
const passwordWays = { passwordFile: z.string().min(1).optional(), passwordEnv: z.string().min(1).optional() }
const signInWays = { ...passwordWays, writer: writerShape.omit({ passwordFrom: true }).extend(passwordWays).optional() }
const declaredShape = z.discriminatedUnion('engine', [
  postgresInput.extend({ target: postgresTargetShape.omit({ passwordFrom: true, writer: true }).extend(signInWays) }),
  mysqlInput.extend({ target: mysqlTargetShape.omit({ passwordFrom: true, writer: true }).extend(signInWays) }),
  sqliteInput.extend({ target: sqliteTargetShape }),
])
type Declared = z.infer<typeof declaredShape>

const signInRuleShape = z.strictObject({
  /** A claim by name, or by a path with dots. */
  claim: z.string().min(1).max(200),
  /** The claim's value, or one of its values; `*` stands for any run of characters. */
  value: z.string().min(1).max(500),
  role: slugShape.optional(),
  groups: z.array(slugShape).max(100).optional(),
  tenant: z.string().min(1).max(200).optional(),
})
export type SignInRule = Wire<z.infer<typeof signInRuleShape>>

/** The whole of aishell.yaml. `policies` is keyed by the name of a connection declared above it. */
export const aishellFileShape = z.strictObject({
  connections: z.array(declaredShape).max(1000).default([]),
  policies: z.record(z.string(), policyShape).default({}),
  /** Roles beside the built-in ones, by name. */
  roles: z.record(newRoleNameShape, roleInputShape).default({}),
  /** What claims of the identity provider lead to; the first match decides role and tenant, groups add up. */
  signIn: z.array(signInRuleShape).max(1000).default([]),
})

const nothing = { connections: [], roles: [], signIn: [], secretFiles: [] }

interface Reading {
  readonly env: Environment
  readonly isProduction: boolean
}

/** Reads `aishell.yaml` of the folder, which may be absent; what is wrong comes back as one line each, with its place. */
export function readAishellFile(configDir: string, reading: Reading): AishellFile {
  const empty = { ...nothing, referencedEnv: new Set<string>() }
  const path = join(configDir, aishellFileName)
  let source: string
  try {
    source = readFileSync(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    return { ...empty, problems: code === 'ENOENT' ? [] : [`${path} cannot be read (${code ?? 'unknown error'})`] }
  }
  if (source.length > maxFileBytes) return { ...empty, problems: [`${path} is longer than ${maxFileBytes} characters`] }
  return parseAishellFile(source, reading)
}

/** The text of an `aishell.yaml`, checked to the last key. */
export function parseAishellFile(source: string, reading: Reading): AishellFile {
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false })
  const at: Locate = (path) => `${aishellFileName}${place(document, lines, path)}`
  const broken = [...document.errors, ...document.warnings].map((error) => {
    const { line, col } = lines.linePos(error.pos[0])
    return `${aishellFileName}:${line}:${col} ${error.message}`
  })
  if (broken.length > 0) return { ...nothing, referencedEnv: new Set(), problems: broken }
  const parsed = aishellFileShape.safeParse(plainOf(document) ?? {})
  if (!parsed.success)
    return { ...nothing, referencedEnv: new Set(), problems: parsed.error.issues.flatMap((issue) => describe(issue, at)) }
  return resolve(parsed.data, reading, at)
}

/** Aliases are expanded only so far: a few lines can otherwise grow to gigabytes. */
function plainOf(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    return (error as Error).message // no mapping, so the shape refuses it and its place is the top
  }
}

type Locate = (path: readonly PropertyKey[]) => string

function resolve(file: z.infer<typeof aishellFileShape>, reading: Reading, at: Locate): AishellFile {
  const problems: string[] = []
  const secretFiles: SecretFile[] = []
  const names = new Set<string>()
  const connections = file.connections.map((declared, index) => {
    const path = ['connections', index]
    if (names.has(declared.name.toLowerCase()))
      problems.push(`${at([...path, 'name'])} ${pathText([...path, 'name'])}: "${declared.name}" is declared twice`)
    names.add(declared.name.toLowerCase())
    return { ...declaredOf(declared, path, reading, at, { problems, secretFiles }), policy: file.policies[declared.name] ?? null }
  })
  for (const name of Object.keys(file.policies)) {
    if (file.connections.some((connection) => connection.name === name)) continue
    // A policy that binds to nothing would leave the connection it was meant for open.
    problems.push(
      `${at(['policies', name])} policies.${name}: no connection of that name is declared here${hint(
        name,
        file.connections.map((one) => one.name),
      )}`,
    )
  }
  const referencedEnv = new Set(
    file.connections
      .flatMap((one) => (one.engine === 'sqlite' ? [] : [one.target.passwordEnv, one.target.writer?.passwordEnv]))
      .filter((name) => name !== undefined),
  )
  problems.push(...unknownRoles(file, at))
  const roles = Object.entries(file.roles).map(([name, role]) => ({ name, ...role }))
  return { connections, roles, signIn: file.signIn, referencedEnv, secretFiles, problems }
}

/** Roles a tenant defines itself are not known here: a file may name its own and the built-in ones. */
function unknownRoles(file: z.infer<typeof aishellFileShape>, at: Locate): readonly string[] {
  const known = new Set<string>([...builtinRoles, ...Object.keys(file.roles)])
  const named = [
    ...file.signIn.map((rule, index) => [['signIn', index, 'role'], rule.role] as const),
    ...Object.entries(file.policies).flatMap(([name, policy]) => [
      ...policy.rules.flatMap((rule, index) =>
        rule.roles.map((role, place) => [['policies', name, 'rules', index, 'roles', place], role] as const),
      ),
      ...policy.writers.map((role, place) => [['policies', name, 'writers', place], role] as const),
    ]),
  ]
  return named
    .filter(([, role]) => role !== undefined && !known.has(role))
    .map(([path, role]) => `${at(path)} ${pathText(path)}: no role ${role ?? ''} is declared here${hint(role ?? '', known)}`)
}

function declaredOf(
  declared: Declared,
  path: readonly PropertyKey[],
  reading: Reading,
  at: Locate,
  { problems, secretFiles }: { readonly problems: string[]; readonly secretFiles: SecretFile[] },
): Omit<DeclaredConnection, 'policy'> {
  if (declared.engine === 'sqlite') return { input: declared, password: null }
  const { password, passwordFile, passwordEnv, writer, ...place } = declared.target
  const resolved = (ways: PasswordWays, whose: string, where: readonly PropertyKey[]): Secret | null =>
    resolvedPassword(ways, reading, {
      name: `the password of ${whose}`,
      complain: (key, message) => {
        problems.push(`${at([...where, key])} ${pathText([...where, key])} ${message}`)
        return null
      },
      secretFiles,
    })
  const targetPath = [...path, 'target']
  const target = { ...place, ...(writer === undefined ? {} : { writer: { user: writer.user } }) }
  // The union is taken apart so that each kind keeps its own shape.
  const input = declared.engine === 'postgres' ? { ...declared, target } : { ...declared, target }
  return {
    input,
    password: resolved({ password, passwordFile, passwordEnv }, declared.name, targetPath),
    writerPassword: writer === undefined ? null : resolved(writer, `the writer of ${declared.name}`, [...targetPath, 'writer']),
  }
}

interface PasswordWays {
  readonly password?: string | undefined
  readonly passwordFile?: string | undefined
  readonly passwordEnv?: string | undefined
}

interface Resolving {
  readonly name: string
  readonly complain: (key: string, message: string) => null
  readonly secretFiles: SecretFile[]
}

function resolvedPassword(given: PasswordWays, reading: Reading, { name, complain, secretFiles }: Resolving): Secret | null {
  const { password, passwordFile, passwordEnv } = given
  const ways = [password, passwordFile, passwordEnv].filter((way) => way !== undefined).length
  if (ways > 1) return complain('password', 'is given twice; keep one of password, passwordFile, passwordEnv')
  if (password !== undefined)
    return reading.isProduction
      ? complain('password', 'must not be written here in production; use passwordFile or passwordEnv')
      : new Secret(password)
  if (passwordEnv !== undefined) {
    const value = reading.env[passwordEnv]
    return value === undefined || value === '' ? complain('passwordEnv', `names ${passwordEnv}, which is not set`) : new Secret(value)
  }
  if (passwordFile === undefined) return null
  try {
    const file = new SecretFile({ name, path: passwordFile })
    secretFiles.push(file)
    return new Secret(file)
  } catch (error) {
    return complain('passwordFile', (error as Error).message) // SecretFile throws plain errors only
  }
}

/** One line per finding: place, path, what is wrong, and the nearest known key. */
function describe(issue: z.core.$ZodIssue, at: Locate): readonly string[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${at([...issue.path, key])} ${pathText([...issue.path, key])}: unknown key${hint(key, knownKeys)}`)
  return [`${at(issue.path)} ${pathText(issue.path)}: ${issue.message}`]
}

function hint(name: string, known: Iterable<string>): string {
  const nearest = nearestName(name, known)
  return nearest === null ? '' : `; did you mean ${nearest}?`
}

/** Every key the file may hold, wherever. */
const knownKeys: ReadonlySet<string> = collectKeys(z.toJSONSchema(aishellFileShape, { io: 'input' }))

function collectKeys(schema: unknown, into: Set<string> = new Set()): Set<string> {
  if (schema === null || typeof schema !== 'object') return into
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'properties' && value !== null && typeof value === 'object') Object.keys(value).forEach((name) => into.add(name))
    collectKeys(value, into)
  }
  return into
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`),
    '',
  )
}

/** `:line:column` of the deepest node on the path that is there. */
function place(document: Document.Parsed, lines: LineCounter, path: readonly PropertyKey[]): string {
  let node: unknown = document.contents
  let offset = rangeStart(node) ?? 0
  for (const part of path) {
    const next = child(node, part)
    if (next === null) break
    offset = rangeStart(next.key) ?? rangeStart(next.value) ?? offset
    node = next.value
  }
  const { line, col } = lines.linePos(offset)
  return `:${line}:${col}`
}

function child(node: unknown, part: PropertyKey): { readonly key: unknown; readonly value: unknown } | null {
  if (isSeq(node) && typeof part === 'number') return { key: null, value: node.items[part] }
  if (!isMap(node)) return null
  const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === part)
  return pair === undefined ? null : { key: pair.key, value: pair.value }
}

function rangeStart(node: unknown): number | null {
  if (isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)) return node.range?.[0] ?? null
  return null
}
