// Takes the environment and the config folder; gives frozen, typed settings.
// Closed: an unknown or misspelt name stops the start and names the nearest known one.
// Touches the environment it is handed, aishell.yaml, and DATA_DIR/keys when keys are missing.
// Refuses placeholder secrets and the embedded store in production.
export { readSettings, readClientSettings, allSettings, secretsOf } from './settings.ts'
export type { Settings, SettingsSource } from './settings.ts'
export { clientTable, groupTitles, settingsTable, type ClientSettings, type SettingValues } from './settings-table.ts'
export { ownedPrefixes } from './environment.ts'
export type { SettingWarning } from './settings-rules.ts'
export type { Setting } from './setting.ts'
export { examineAppending, examineFolder, examineSecretFiles } from './examine-files.ts'
export type { Environment } from './environment.ts'
export { SecretFile } from './secret-file.ts'
export { secretSources, type SecretWanted } from './secret-sources.ts'
export { ensureKeys, type Keys } from './ensure-keys.ts'
export type { DeclaredConnection, SignInRule } from './aishell-file.ts'
