import type { SettingValues } from './settings-table.ts'

export interface SettingWarning {
  readonly code: string
  readonly message: string
}

const minSecretLength = 32

/** What does not fit together, in any environment. */
export function sharedProblems(settings: SettingValues): readonly string[] {
  const { model, redis, access, audit, limits, ceilings, tracing } = settings
  const problems: string[] = []
  if (model.provider !== 'builtin' && model.name === null) problems.push(`LLM_MODEL is needed with LLM_PROVIDER=${model.provider}`)
  if (model.provider === 'openai-compatible' && model.baseUrl === null)
    problems.push('LLM_BASE_URL is needed with LLM_PROVIDER=openai-compatible')
  if (model.provider === 'anthropic' && model.anthropicApiKey === null)
    problems.push('ANTHROPIC_API_KEY is needed with LLM_PROVIDER=anthropic')
  if (model.provider === 'openai' && model.openaiApiKey === null) problems.push('OPENAI_API_KEY is needed with LLM_PROVIDER=openai')
  if (redis.sentinels.length > 0 && redis.sentinelName === null) problems.push('REDIS_SENTINEL_NAME is needed with REDIS_SENTINELS')
  if (redis.sentinels.length > 0 && redis.host !== null) problems.push('REDIS_HOST and REDIS_SENTINELS are both set; keep one')
  if (access.adminToken !== null && !/^ais_[A-Za-z0-9_-]{32,200}$/.test(access.adminToken.reveal()))
    problems.push('ADMIN_TOKEN must be `ais_` and 32 to 200 letters, digits, dashes or underscores')
  if (audit.sink === 'file' && audit.sinkFile === null) problems.push('AUDIT_CHECKPOINT_FILE is needed with AUDIT_CHECKPOINT_SINK=file')
  if (audit.sink === 's3' && (audit.s3Endpoint === null || audit.s3AccessKeyId === null || audit.s3SecretAccessKey === null))
    problems.push('AUDIT_S3_ENDPOINT, AUDIT_S3_ACCESS_KEY_ID and AUDIT_S3_SECRET_ACCESS_KEY are needed with AUDIT_CHECKPOINT_SINK=s3')
  if (settings.discovery.isEnabled && settings.discovery.namespace === null)
    problems.push('DISCOVERY_NAMESPACE is needed with DISCOVERY_ENABLED=true')
  problems.push(...oidcProblems(settings))
  const ratio = Number(tracing.sampleRatio)
  if (!(ratio >= 0 && ratio <= 1)) problems.push('OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1')
  for (const key of ['statementTimeoutMs', 'lockTimeoutMs', 'maxRows', 'maxBytes', 'maxTempBytes'] as const) {
    if (limits[key] > ceilings[key]) problems.push(`LIMIT_${upperSnake(key)} must not be above LIMIT_CEILING_${upperSnake(key)}`)
  }
  return problems
}

function oidcProblems({ oidc, server }: SettingValues): readonly string[] {
  const problems: string[] = []
  if (oidc.issuer === null) {
    if (oidc.clientId !== null) problems.push('OIDC_ISSUER is needed with OIDC_CLIENT_ID')
    return problems
  }
  if (oidc.clientId === null) problems.push('OIDC_CLIENT_ID is needed with OIDC_ISSUER')
  if (server.publicUrl === null) problems.push('PUBLIC_URL is needed with OIDC_ISSUER: the provider sends people back to it')
  if (!oidc.scopes.includes('openid')) problems.push('OIDC_SCOPES must hold openid')
  const { protocol, hostname } = new URL(oidc.issuer)
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
  if (protocol !== 'https:' && !(isLoopback && oidc.allowsHttp))
    problems.push('OIDC_ISSUER must be an https:// address (http:// on loopback with OIDC_ALLOW_HTTP=true, for trying things out)')
  return problems
}

/** What a laptop may do and an installation may not. */
export function productionProblems(settings: SettingValues): readonly string[] {
  const { store, access, redis, model } = settings
  const problems: string[] = []
  if (store.host === null) problems.push('DB_HOST is needed in production: the embedded store is for development')
  if (store.host !== null && store.password === null) problems.push('DB_PASSWORD is needed in production')
  for (const [name, secret] of [
    ['SECRET_KEY', access.secretKey],
    ['JWT_SECRET', access.jwtSecret],
  ] as const) {
    const weak = secret === null ? `is needed in production; ${makeOne}` : weakSecret(name, secret.reveal())
    if (weak !== null) problems.push(`${name} ${weak}`)
  }
  if (access.secretKey !== null && access.secretKey.reveal() === access.jwtSecret?.reveal())
    problems.push('SECRET_KEY and JWT_SECRET must differ: one seals secrets, the other signs tokens')
  const others = {
    DB_PASSWORD: store.password,
    REDIS_PASSWORD: redis.password,
    REDIS_SENTINEL_PASSWORD: redis.sentinelPassword,
    ADMIN_TOKEN: access.adminToken,
    OIDC_CLIENT_SECRET: settings.oidc.clientSecret,
    LLM_API_KEY: model.apiKey,
    ANTHROPIC_API_KEY: model.anthropicApiKey,
    OPENAI_API_KEY: model.openaiApiKey,
  }
  for (const [name, secret] of Object.entries(others)) {
    const weak = secret === null ? null : weakSecret(name, secret.reveal())
    if (weak !== null) problems.push(`${name} ${weak}`)
  }
  return problems
}

const makeOne = 'make one with `openssl rand -base64 48`'
const keyNames = ['SECRET_KEY', 'JWT_SECRET']

/** Why production does not take this text for a secret, as words that complete its name; null: it does. */
export function weakSecret(name: string, value: string): string | null {
  const isKey = keyNames.includes(name)
  if (isPlaceholder(value)) return `is a placeholder; ${isKey ? makeOne : 'give a real one'}`
  if (!isKey) return null
  if (Buffer.byteLength(value) < minSecretLength) return `must be at least ${minSecretLength} bytes long; ${makeOne}`
  return isRepetitive(value) ? `repeats itself; ${makeOne}` : null
}

/** What guides and examples print where a secret belongs. */
function isPlaceholder(value: string): boolean {
  const plain = value.toLowerCase().replace(/[^a-z]/g, '')
  const printed = /change-?_?me|placeholder|replace-?_?(me|this|with)|example|to-?be-?set|^your[-_ ]|<[^>]*>|insert[-_ ]|^generate[-_ ]/i
  return (
    printed.test(value) || ['secret', 'password', 'admin', 'test', 'default', 'aishell', 'postgres', 'todo', 'none', 'null'].includes(plain)
  )
}

/** Few different characters, or one short piece again and again. */
function isRepetitive(value: string): boolean {
  return new Set(value).size < 8 || /^(.{1,16})\1+.{0,15}$/s.test(value)
}

/** Allowed, but the operator should know. */
export function settingWarnings(settings: SettingValues): readonly SettingWarning[] {
  const { app, access, store, redis } = settings
  const warnings: SettingWarning[] = []
  if (!access.isAuditEnabled) warnings.push({ code: 'config.audit-off', message: 'AUDIT_ENABLED=false: no trail is written.' })
  if (!access.isRbacEnabled) warnings.push({ code: 'config.rbac-off', message: 'RBAC_ENABLED=false: every member counts as admin.' })
  if (app.env === 'production' && store.sslmode === 'disable')
    warnings.push({ code: 'config.store-not-encrypted', message: 'DB_SSLMODE=disable: traffic to the store is not encrypted.' })
  const hasRedis = redis.host !== null || redis.sentinels.length > 0
  if (app.env === 'production' && hasRedis && redis.password === null)
    warnings.push({ code: 'config.redis-open', message: 'REDIS_PASSWORD is not set: whoever reaches Redis can change its rate limits.' })
  return warnings
}

function upperSnake(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
}
