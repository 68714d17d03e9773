import { resolve } from 'node:path'
import { Secret, ShellError, type RoleDefinition } from '../../domain/index.ts'
import { readAishellFile, type DeclaredConnection, type SignInRule } from './aishell-file.ts'
import { rawText, secretPath, unknownNames, type Environment } from './environment.ts'
import { SecretFile } from './secret-file.ts'
import { secretSources, type SecretWanted } from './secret-sources.ts'
import { productionProblems, settingWarnings, sharedProblems, weakSecret, type SettingWarning } from './settings-rules.ts'
import { clientTable, settingsTable, type ClientSettings, type SettingValues, type Table, type Values } from './settings-table.ts'
import type { Setting } from './setting.ts'

/** All the server is told, checked and frozen. */
export interface Settings extends SettingValues {
  readonly version: string
  /** From aishell.yaml. */
  readonly declared: readonly DeclaredConnection[]
  /** Roles from aishell.yaml. */
  readonly declaredRoles: readonly RoleDefinition[]
  /** What claims of the identity provider lead to, from aishell.yaml. */
  readonly signInRules: readonly SignInRule[]
  /** Files that secrets are read from again when they change. */
  readonly secretFiles: readonly SecretFile[]
  /** A secret a connection may refer to; null: not allowed, or not there. */
  readonly secretAt: (wanted: SecretWanted) => Secret | null
  /** Allowed, but worth a line at start. */
  readonly warnings: readonly SettingWarning[]
}

export interface SettingsSource {
  /** The process's own unless given. */
  readonly env?: Environment
  /** From the command line, by setting name; they win over the environment. */
  readonly overrides?: Readonly<Record<string, string>>
  readonly version: string
}

export const allSettings: readonly Setting<unknown>[] = [...flat(settingsTable), ...flat(clientTable)]

/**
 * Reads every setting or throws `config.invalid` with all that is wrong, one line each. Relative folders are taken
 * from the working directory.
 */
export function readSettings(source: SettingsSource): Settings {
  const env = { ...(source.env ?? process.env), ...source.overrides }
  const problems: string[] = []
  const files: SecretFile[] = []
  const values = readTable(settingsTable, env, problems, files)
  const app = { ...values.app, dataDir: resolve(values.app.dataDir), configDir: resolve(values.app.configDir) }
  const file = readAishellFile(app.configDir, { env, isProduction: app.env === 'production' })
  problems.push(...file.problems, ...unknownNames(env, allSettings, file.referencedEnv))
  const settings: SettingValues = { ...values, app }
  // What follows from broken values would only confuse.
  if (problems.length === 0) problems.push(...sharedProblems(settings))
  if (problems.length === 0 && app.env === 'production') problems.push(...productionProblems(settings))
  refuse(problems)
  return deepFreeze({
    ...settings,
    version: source.version,
    declared: file.connections,
    declaredRoles: file.roles,
    signInRules: file.signIn,
    secretFiles: [...files, ...file.secretFiles],
    secretAt: secretSources(settings.connections.secretSources, env, new Set(allSettings.map(({ name }) => name))),
    warnings: settingWarnings(settings),
  })
}

/** Every secret value in the settings, for whoever must keep them out of logs. */
export function secretsOf(settings: Settings): readonly Secret[] {
  const groups = Object.keys(settingsTable) as (keyof SettingValues)[] // the groups are the table's keys
  const values = groups.flatMap((group) => Object.values<unknown>(settings[group]))
  const passwords = settings.declared.map((connection) => connection.password)
  return [...values, ...passwords].filter((value) => value instanceof Secret)
}

/** What a client needs; the server's settings may be absent or wrong. */
export function readClientSettings(env: Environment = process.env): ClientSettings {
  const problems: string[] = []
  const { client } = readTable(clientTable, env, problems, [])
  refuse(problems)
  return deepFreeze(client)
}

function readTable<Of extends Table>(table: Of, env: Environment, problems: string[], files: SecretFile[]): Values<Of> {
  const isProduction = env['APP_ENV']?.trim().toLowerCase() === 'production'
  const groups = Object.entries(table).map(([group, settings]) => {
    const read = Object.entries(settings).map(([key, setting]) => [key, readOne(setting, env, { isProduction, problems, files })])
    return [group, Object.fromEntries(read)]
  })
  return Object.fromEntries(groups) as Values<Of> // same groups and keys as the table it was made from
}

interface Reading {
  readonly isProduction: boolean
  readonly problems: string[]
  readonly files: SecretFile[]
}

function readOne(setting: Setting<unknown>, env: Environment, { isProduction, problems, files }: Reading): unknown {
  const { name } = setting
  const fallback = isProduction ? (setting.productionDefault ?? setting.defaultValue) : setting.defaultValue
  try {
    const path = secretPath(setting, env)
    if (path !== null) {
      const file = new SecretFile({ name, path, ...(isProduction ? { check: (text) => weakSecret(name, text) } : {}) })
      files.push(file)
      return new Secret(file)
    }
    const raw = rawText(setting, env)
    return raw === null ? fallback : setting.parse(raw)
  } catch (error) {
    problems.push(`${name} ${(error as Error).message}`) // all of these throw plain errors only
    return fallback
  }
}

function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return
  throw new ShellError({
    code: 'config.invalid',
    kind: 'invalid',
    message: `The settings cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    hint: 'Mend them and start again; docs/reference/settings.md explains each.',
  })
}

function flat(table: Table): readonly Setting<unknown>[] {
  return Object.values(table).flatMap((group) => Object.values(group))
}

function deepFreeze<Value>(value: Value): Value {
  if (value !== null && typeof value === 'object' && !(value instanceof Secret) && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(deepFreeze)
  }
  return value
}
