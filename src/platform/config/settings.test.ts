import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { readClientSettings, readSettings, secretsOf, type Settings } from './index.ts'

const strong = 'q3T8vN1xZr5Lk0WmYb7Hc2Pd9Fg4Js6A-uEoIiRtXyVw'
const strong2 = 'Zx81mKq0PvTn3RbYc7Ld5Wj2Hs9Gf4Ea-oUiXrVwQtNy'
const nowhere = join(tmpdir(), 'aishell-no-such-config')
const production = {
  APP_ENV: 'production',
  DB_HOST: 'db.internal',
  DB_PASSWORD: 'n4t-a-plac3h0lder',
  SECRET_KEY: strong,
  JWT_SECRET: strong2,
}

type Env = Readonly<Record<string, string | undefined>>

function read(env: Env, overrides?: Record<string, string>): Settings {
  return readSettings({ env: { CONFIG_DIR: nowhere, ...env }, version: '1.2.3', ...(overrides === undefined ? {} : { overrides }) })
}

function problem(env: Env): string {
  try {
    read(env)
  } catch (error) {
    return (error as Error).message
  }
  return 'accepted'
}

function fileWith(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'aishell-config-')), 'file')
  writeFileSync(path, text)
  return path
}

describe('readSettings', () => {
  test('an empty environment gives a development server on loopback with an embedded store', () => {
    const settings = read({})
    expect(settings.app.env).toBe('development')
    expect(settings.server).toMatchObject({ host: '127.0.0.1', port: 8000, metricsPort: null })
    expect(settings.store.host).toBeNull()
    expect(settings.access).toMatchObject({ isRbacEnabled: true, isAuditEnabled: true, isMultiTenant: false })
    expect(settings.connections.allowPrivateHosts).toBe(true)
    expect(settings.version).toBe('1.2.3')
  })

  test('the settings of a production installation start', () => {
    const settings = read(production)
    expect(settings.server.host).toBe('0.0.0.0')
    expect(settings.connections.allowPrivateHosts).toBe(false)
    expect(settings.warnings.map((warning) => warning.code)).toEqual(['config.store-not-encrypted'])
  })

  test('settings are frozen to the last list', () => {
    const settings = read({ CORS_ORIGINS: 'https://a.example' })
    expect(Object.isFrozen(settings)).toBe(true)
    expect(Object.isFrozen(settings.server)).toBe(true)
    expect(Object.isFrozen(settings.server.corsOrigins)).toBe(true)
  })

  test('the command line wins over the environment', () => {
    expect(read({ PORT: '9000' }, { PORT: '9001' }).server.port).toBe(9001)
  })

  test('a blank variable counts as not given', () => {
    expect(read({ PORT: '', DB_HOST: ' ' })).toMatchObject({ server: { port: 8000 }, store: { host: null } })
  })

  test.each([
    ['a port that is no number', { PORT: 'eighty' }, 'PORT must be a whole number from 0 to 65535, not "eighty"'],
    ['a port out of range', { PORT: '70000' }, 'PORT must be'],
    ['an unknown provider', { LLM_PROVIDER: 'gemini' }, 'LLM_PROVIDER must be one of builtin, ollama'],
    ['a flag that is no flag', { RBAC_ENABLED: 'maybe' }, 'RBAC_ENABLED must be true or false'],
    ['an address without a scheme', { PUBLIC_URL: 'ai.example.org' }, 'PUBLIC_URL must be an http:// or https:// address'],
    ['an address with a password', { LLM_BASE_URL: 'http://a:b@c' }, 'must not carry a user name or password'],
    ['an origin with a path', { CORS_ORIGINS: 'https://a.example/x' }, 'has an item "https://a.example/x" that is no origin'],
    ['a model without a name', { LLM_PROVIDER: 'ollama' }, 'LLM_MODEL is needed with LLM_PROVIDER=ollama'],
    ['a provider without its key', { LLM_PROVIDER: 'anthropic', LLM_MODEL: 'm' }, 'ANTHROPIC_API_KEY is needed'],
    ['sentinels without a name', { REDIS_SENTINELS: 'a:1,b:2' }, 'REDIS_SENTINEL_NAME is needed'],
    [
      'a default above its ceiling',
      { LIMIT_MAX_ROWS: '10', LIMIT_CEILING_MAX_ROWS: '5' },
      'LIMIT_MAX_ROWS must not be above LIMIT_CEILING_MAX_ROWS',
    ],
    ['an admin token that is none', { ADMIN_TOKEN: 'letmein' }, 'ADMIN_TOKEN must be `ais_`'],
    ['a relative SQLite folder', { CONNECTION_SQLITE_DIRS: 'data' }, 'is not an absolute path'],
  ])('refuses %s', (_name, env, message) => {
    expect(problem(env)).toContain(message)
  })

  test('names all that is wrong at once', () => {
    const message = problem({ PORT: 'x', LOG_LEVEL: 'loud', DB_HOTS: 'a' })
    expect(message).toContain('PORT must be')
    expect(message).toContain('LOG_LEVEL must be')
    expect(message).toContain('DB_HOTS is no setting; did you mean DB_HOST?')
  })
})

describe('names that are not ours', () => {
  test.each([
    ['a misspelt owned name', { REDIS_PASWORD: 'x' }, 'REDIS_PASWORD is no setting; did you mean REDIS_PASSWORD?'],
    ['an owned prefix with nothing near', { LLM_ZZZZZZZZZZZZZZ: 'x' }, 'LLM_ZZZZZZZZZZZZZZ is no setting'],
    ['our name before a setting that has none', { AISHELL_DATA_DIR: '/x' }, 'AISHELL_DATA_DIR is no setting; did you mean DATA_DIR?'],
    [
      'our name before anything',
      { AISHELL_URL: 'x' },
      'AISHELL_URL is no setting; those that begin with AISHELL_ are AISHELL_SERVER, AISHELL_TOKEN',
    ],
    ['a letter missing', { LOG_LEVL: 'debug' }, 'LOG_LEVL is no setting; did you mean LOG_LEVEL?'],
    ['a production that would not be one', { APP_EVN: 'production' }, 'APP_EVN is no setting; did you mean APP_ENV?'],
    ['letters swapped', { RABC_ENABLED: 'false' }, 'did you mean RBAC_ENABLED?'],
    ['another case', { secret_key: 'x' }, 'secret_key is no setting; did you mean SECRET_KEY?'],
    ['a file for what is no secret', { DB_HOST_FILE: '/x' }, 'DB_HOST_FILE is no setting'],
    ['a client setting misspelt', { AISHELL_SEVER: 'x' }, 'did you mean AISHELL_SERVER?'],
  ])('stops at %s', (_name, env, message) => {
    expect(problem(env)).toContain(message)
  })

  test.each([
    [
      'everyday variables',
      {
        PATH: '/bin',
        HOME: '/root',
        HOSTNAME: 'pod-1',
        NODE_ENV: 'test',
        POSTGRES_PASSWORD: 'x',
        HOST: 'x86_64-linux-gnu',
        HOSTS: 'a',
        PORTS: '1',
      },
    ],
    ['what the test suite hands on', { AISHELL_TEST_SERVER: '{}' }],
    ['OpenTelemetry variables we do not read', { OTEL_LOG_LEVEL: 'info', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' }],
    [
      'links of Kubernetes services named redis, db and aishell',
      {
        REDIS_SERVICE_HOST: '10.0.0.1',
        REDIS_SERVICE_PORT: '6379',
        REDIS_SERVICE_PORT_TCP_REDIS: '6379',
        REDIS_PORT: 'tcp://10.0.0.1:6379',
        REDIS_PORT_6379_TCP: 'tcp://10.0.0.1:6379',
        REDIS_PORT_6379_TCP_ADDR: '10.0.0.1',
        REDIS_PORT_6379_TCP_PROTO: 'tcp',
        DB_SERVICE_HOST: '10.0.0.2',
        DB_PORT: 'tcp://10.0.0.2:5432',
        AISHELL_PORT: 'tcp://10.0.0.3:8000',
        AISHELL_SERVICE_HOST: '10.0.0.3',
        AISHELL_PORT_8000_TCP: 'tcp://10.0.0.3:8000',
      },
    ],
  ])('lets %s pass', (_name, env) => {
    const settings = read(env)
    expect(settings.redis.port).toBe(6379)
    expect(settings.store.port).toBe(5432)
  })

  test('an address written into a port by hand is refused', () => {
    expect(problem({ REDIS_PORT: 'tcp://10.0.0.1:6379' })).toContain('REDIS_PORT must be a whole number')
  })
})

describe('secrets', () => {
  test('are read from NAME_FILE without the last line end', () => {
    expect(read({ DB_PASSWORD_FILE: fileWith('from a file \n') }).store.password?.reveal()).toBe('from a file ')
  })

  test('given twice stop the start', () => {
    expect(problem({ DB_PASSWORD: 'a', DB_PASSWORD_FILE: fileWith('b') })).toContain(
      'DB_PASSWORD and DB_PASSWORD_FILE are both set; keep one',
    )
  })

  test('in a file that is not there or empty stop the start', () => {
    expect(problem({ SECRET_KEY_FILE: '/no/such/file' })).toContain(
      'SECRET_KEY names the file /no/such/file, which cannot be read (ENOENT)',
    )
    expect(problem({ SECRET_KEY_FILE: fileWith('\n') })).toContain('which is empty')
  })

  test('print nowhere', () => {
    const settings = read({ ...production, ANTHROPIC_API_KEY: 'canary-77' })
    const printed = `${JSON.stringify(settings)}${inspect(settings, { depth: 9 })}${String(settings.access.secretKey)}`
    for (const value of [strong, strong2, 'n4t-a-plac3h0lder', 'canary-77']) expect(printed).not.toContain(value)
  })

  test('are all found for those who must hide them', () => {
    const settings = read({ ...production, REDIS_PASSWORD: 'r3dis-Passw', OTEL_EXPORTER_OTLP_HEADERS: 'a=b' })
    const found = secretsOf(settings).map((one) => one.reveal())
    expect(found.toSorted((a, b) => a.localeCompare(b))).toEqual(
      [strong, strong2, 'n4t-a-plac3h0lder', 'r3dis-Passw', 'a=b'].toSorted((a, b) => a.localeCompare(b)),
    )
  })

  test('never stand in what a refusal says', () => {
    expect(problem({ ...production, SECRET_KEY: 'change-me-canary-55' })).not.toContain('canary-55')
  })
})

describe('single sign-on', () => {
  const whole = { OIDC_ISSUER: 'https://id.example.org', OIDC_CLIENT_ID: 'aishell', PUBLIC_URL: 'https://aishell.example.org' }
  const onLoopback = { ...whole, OIDC_ISSUER: 'http://127.0.0.1:9000' }

  test.each([
    ['without an address to come back to', { ...whole, PUBLIC_URL: '' }, 'PUBLIC_URL is needed with OIDC_ISSUER'],
    ['without a client', { ...whole, OIDC_CLIENT_ID: '' }, 'OIDC_CLIENT_ID is needed'],
    ['without an issuer', { ...whole, OIDC_ISSUER: '' }, 'OIDC_ISSUER is needed'],
    ['that asks for no identity', { ...whole, OIDC_SCOPES: 'profile' }, 'OIDC_SCOPES must hold openid'],
    ['over plain http', { ...onLoopback, OIDC_ISSUER: 'http://id.example.org', OIDC_ALLOW_HTTP: 'true' }, 'must be an https:// address'],
    ['over plain http on loopback unasked', onLoopback, 'must be an https:// address'],
  ])('%s stops the start', (_name, env, message) => {
    expect(problem(env)).toContain(message)
  })

  test('is taken whole, and over http on loopback when that is asked for', () => {
    expect(read(whole).oidc).toMatchObject({ issuer: whole.OIDC_ISSUER, clientId: 'aishell', algorithm: 'rs256', defaultRole: null })
    expect(read({ ...onLoopback, OIDC_ALLOW_HTTP: 'true' }).oidc.issuer).toBe(onLoopback.OIDC_ISSUER)
  })
})

describe('production', () => {
  test.each([
    ['an embedded store', { DB_HOST: '' }, 'DB_HOST is needed in production'],
    ['a store without a password', { DB_PASSWORD: '' }, 'DB_PASSWORD is needed'],
    ['a missing key', { SECRET_KEY: '' }, 'SECRET_KEY is needed in production'],
    ['a short key', { SECRET_KEY: 'x7K9mQ2' }, 'SECRET_KEY must be at least 32 bytes long'],
    ['a key of one letter', { JWT_SECRET: 'a'.repeat(64) }, 'JWT_SECRET repeats itself'],
    ['a key of one word again and again', { JWT_SECRET: 'k8dPqz3x'.repeat(6) }, 'JWT_SECRET repeats itself'],
    ['a key out of a guide', { SECRET_KEY: 'generate-a-secure-random-key-and-more' }, 'SECRET_KEY is a placeholder'],
    ['changeme in any dress', { SECRET_KEY: `CHANGE_ME-${strong}` }, 'SECRET_KEY is a placeholder'],
    ['a placeholder password', { DB_PASSWORD: 'change-me-in-production' }, 'DB_PASSWORD is a placeholder'],
    ['a placeholder API key', { ANTHROPIC_API_KEY: 'your-anthropic-api-key' }, 'ANTHROPIC_API_KEY is a placeholder'],
    ['the same key twice', { JWT_SECRET: strong }, 'must differ'],
  ])('refuses %s', (_name, env, message) => {
    expect(problem({ ...production, ...env })).toContain(message)
  })
})

test.each([
  ['no trail', { AUDIT_ENABLED: 'false' }, 'config.audit-off'],
  ['no roles', { RBAC_ENABLED: 'false' }, 'config.rbac-off'],
  ['a Redis anybody may write to', { ...production, DB_SSLMODE: 'require', REDIS_HOST: 'redis' }, 'config.redis-open'],
])('%s is worth a line at start', (_name, env, code) => {
  expect(read(env).warnings.map((warning) => warning.code)).toEqual([code])
})

test('a client reads its server and token though the server’s settings are wrong', () => {
  const client = readClientSettings({ APP_ENV: 'production', PORT: 'x', AISHELL_SERVER: 'https://ai.example.org/', AISHELL_TOKEN: 'ais_x' })
  expect(client.server).toBe('https://ai.example.org')
  expect(client.token?.reveal()).toBe('ais_x')
})
