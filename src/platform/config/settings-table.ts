import { sourceProblem } from './secret-sources.ts'
import { ceilingLimits, defaultLimits } from '../../domain/index.ts'
import { oidcSettings } from './oidc-settings.ts'
import { rateSettings } from './rate-settings.ts'
import { address, flag, list, oneOf, secret, text, whole, type Setting } from './setting.ts'

const hour = 3_600_000
const mebibyte = 1024 * 1024
const wholeLimit = (name: string, defaultValue: number, description: string, min = 1) =>
  whole<number>(name, [min, Number.MAX_SAFE_INTEGER], { defaultValue, description })

/** Every setting there is, by group. Types, `.env.example` and the reference page derive from here. */
export const settingsTable = {
  app: {
    env: oneOf('APP_ENV', ['development', 'production', 'test'], {
      defaultValue: 'development',
      description: 'Production refuses placeholder secrets, the embedded store and inline passwords.',
    }),
    logLevel: oneOf('LOG_LEVEL', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      defaultValue: 'info',
      description: 'Least serious log line that is written.',
    }),
    dataDir: text('DATA_DIR', {
      defaultValue: '.data',
      description: 'Folder the server may write: embedded store, generated keys, logs. `/app/data` in the image.',
    }),
    configDir: text('CONFIG_DIR', {
      defaultValue: 'config',
      description: 'Folder with `aishell.yaml`, which may be absent. `/app/config` in the image.',
    }),
  },
  server: {
    host: text('LISTEN_HOST', {
      defaultValue: '127.0.0.1',
      productionDefault: '0.0.0.0',
      description: 'Address the server listens on.',
    }),
    port: whole<number>('PORT', [0, 65535], { defaultValue: 8000, description: 'Port of the API; 0 takes a free one.' }),
    metricsPort: whole<number | null>('METRICS_PORT', [0, 65535], {
      defaultValue: null,
      description: 'Port of `/metrics`; the same as PORT unless set.',
    }),
    publicUrl: address('PUBLIC_URL', { defaultValue: null, description: 'Address people reach the server at, for links it writes.' }),
    corsOrigins: list(
      'CORS_ORIGINS',
      'origins',
      {
        defaultValue: [],
        description: 'Web origins that may call the API from a browser. None by default.',
      },
      (item) => (URL.canParse(item) && new URL(item).origin === item ? null : 'is no origin such as https://app.example.org'),
    ),
    trustedProxies: list(
      'TRUSTED_PROXIES',
      'addresses or CIDR ranges',
      {
        defaultValue: [],
        description: 'Proxies whose `x-forwarded-for` is believed; failed sign-ins are counted by the address it names. None by default.',
      },
      (item) => (/^[0-9a-f.:]+(\/\d{1,3})?$/i.test(item) ? null : 'is no address or CIDR range'),
    ),
    drainGraceMs: whole<number>('DRAIN_GRACE_MS', [0, hour], {
      defaultValue: 20_000,
      description: 'After SIGTERM, how long running answers may take to finish.',
    }),
    maxRequestBytes: whole<number>('MAX_REQUEST_BYTES', [1024, 64 * mebibyte], {
      defaultValue: 4 * mebibyte,
      description: 'Largest request body.',
    }),
    requestTimeoutMs: whole<number>('REQUEST_TIMEOUT_MS', [1000, hour], {
      defaultValue: 30_000,
      description: 'Longest time a client may take to send a request.',
    }),
    maxAnswers: whole<number>('MAX_ANSWERS', [1, 100_000], {
      defaultValue: 200,
      description: 'Answers under way at once in this process, tenants in fair shares; more are refused with 429.',
    }),
    maxConnections: whole<number>('MAX_CONNECTIONS', [1, 1_000_000], {
      defaultValue: 10_000,
      description: 'Open connections of clients; more are closed as they come.',
    }),
    readerStallMs: whole<number>('READER_STALL_MS', [100, hour], {
      defaultValue: 60_000,
      description: 'Longest time a client may take nothing of its answer; then its run ends.',
    }),
  },
  store: {
    host: text<string | null>('DB_HOST', {
      defaultValue: null,
      description: 'Host of the PostgreSQL that keeps AI-Shell’s own data. Unset: an embedded one under DATA_DIR, never in production.',
    }),
    port: whole<number>('DB_PORT', [1, 65535], { defaultValue: 5432, description: 'Port of that PostgreSQL.' }),
    name: text('DB_NAME', { defaultValue: 'aishell', description: 'Its database.' }),
    user: text('DB_USER', { defaultValue: 'aishell', description: 'Its user: owns the tables and may enter the runtime role.' }),
    password: secret('DB_PASSWORD', 'That user’s password.'),
    sslmode: oneOf('DB_SSLMODE', ['disable', 'require', 'verify-full'], {
      defaultValue: 'disable',
      description: '`require` encrypts; `verify-full` also checks the certificate.',
    }),
    poolMax: whole<number>('DB_POOL_MAX', [2, 1000], { defaultValue: 10, description: 'Connections to the store per process.' }),
    waitMs: whole<number>('DB_WAIT_MS', [0, hour], {
      defaultValue: 0,
      productionDefault: 60_000,
      description: 'How long a start waits for the store to answer; `/health` answers meanwhile and `/ready` says why.',
    }),
    migrations: oneOf('MIGRATIONS', ['startup', 'job', 'hook', 'off'], {
      defaultValue: 'startup',
      description:
        'Who brings the store up to date: `startup`, each server under a lock; `job` and `hook`, an `aishell migrate` that the server waits for; `off`, you, and a server refuses to start before.',
    }),
  },
  redis: {
    host: text<string | null>('REDIS_HOST', {
      defaultValue: null,
      description: 'Host of Redis. Unset: servers divide rate limits among them and send signals through the store.',
    }),
    port: whole<number>('REDIS_PORT', [1, 65535], { defaultValue: 6379, description: 'Port of Redis.' }),
    password: secret('REDIS_PASSWORD', 'Password of Redis.'),
    sentinels: list(
      'REDIS_SENTINELS',
      '`host:port`',
      { defaultValue: [], description: 'Sentinels that know the primary, in place of REDIS_HOST.' },
      (item) => (/^[^:\s]+:\d{1,5}$/.test(item) ? null : 'is not host:port'),
    ),
    sentinelPassword: secret('REDIS_SENTINEL_PASSWORD', 'Password of the sentinels, where they have one.'),
    sentinelName: text<string | null>('REDIS_SENTINEL_NAME', {
      defaultValue: null,
      description: 'Name of the primary among the sentinels.',
    }),
    tls: flag('REDIS_TLS', {
      defaultValue: false,
      description: 'Speak TLS to Redis and its sentinels; a CA of your own goes into NODE_EXTRA_CA_CERTS.',
    }),
  },
  rates: rateSettings,
  model: {
    provider: oneOf('LLM_PROVIDER', ['builtin', 'ollama', 'anthropic', 'openai', 'openai-compatible'], {
      defaultValue: 'builtin',
      description: 'Who drafts SQL; `builtin` needs no model and no network.',
    }),
    name: text<string | null>('LLM_MODEL', {
      defaultValue: null,
      description: 'The model’s name at its provider; needed by all but `builtin`.',
    }),
    baseUrl: address('LLM_BASE_URL', {
      defaultValue: null,
      description: 'Address of the provider; needed by `openai-compatible`, Ollama’s own default is http://localhost:11434.',
    }),
    timeoutMs: whole<number>('LLM_TIMEOUT_MS', [100, hour], { defaultValue: 30_000, description: 'Longest wait for one model call.' }),
    fallback: list(
      'LLM_FALLBACK',
      '`provider:model`',
      { defaultValue: [], description: 'Tried in order when the first does not answer.' },
      (item) => (/^(ollama|anthropic|openai|openai-compatible):\S+$/.test(item) ? null : 'is not provider:model'),
    ),
    maxOutputTokens: whole<number>('LLM_MAX_OUTPUT_TOKENS', [64, 100_000], {
      defaultValue: 2_000,
      description: 'Longest answer asked of a model.',
    }),
    tokensPerDay: whole<number | null>('LLM_TOKENS_PER_DAY', [1, Number.MAX_SAFE_INTEGER], {
      defaultValue: null,
      description: 'Tokens this process may spend per day; without it there is no budget.',
    }),
    apiKey: secret('LLM_API_KEY', 'Key for `openai-compatible`, where it wants one.'),
    anthropicApiKey: secret('ANTHROPIC_API_KEY', 'Key for `anthropic`.'),
    openaiApiKey: secret('OPENAI_API_KEY', 'Key for `openai`.'),
  },
  access: {
    secretKey: secret('SECRET_KEY', 'Encrypts saved secrets; at least 32 characters. Generated under DATA_DIR outside production.'),
    oldSecretKeys: secret('SECRET_KEYS_OLD', 'Keys that only read, with commas between: those before the present one, or one to come.'),
    jwtSecret: secret('JWT_SECRET', 'Signs short-lived tokens; at least 32 characters. Generated under DATA_DIR outside production.'),
    oldJwtSecrets: secret(
      'JWT_SECRETS_OLD',
      'Secrets that only verify, with commas between: those before the present one, or one to come. Without it, what a file held before counts for ten minutes.',
    ),
    adminToken: secret(
      'ADMIN_TOKEN',
      'Token of the first admin, `ais_` and at least 32 characters; without it one is made and shown once.',
    ),
    jwtKeysFile: text<string | null>('JWT_KEYS_FILE', {
      defaultValue: null,
      description:
        'A JSON Web Key Set of private keys that signs access tokens in place of JWT_SECRET: the first signs, all verify. Read again when it changes.',
    }),
    sessionHours: whole<number>('SESSION_HOURS', [1, 24 * 30], {
      defaultValue: 12,
      description: 'Hours after sign-in at which a session ends, however busy.',
    }),
    sessionIdleMinutes: whole<number>('SESSION_IDLE_MINUTES', [2, 24 * 60], {
      defaultValue: 60,
      description: 'Minutes without a request after which a session ends.',
    }),
    isRbacEnabled: flag('RBAC_ENABLED', {
      defaultValue: true,
      description: 'false: every member counts as admin; policies of connections still hold.',
    }),
    isAuditEnabled: flag('AUDIT_ENABLED', { defaultValue: true, description: 'false: no trail is written; `/ready` says so.' }),
    isMultiTenant: flag('MULTI_TENANCY_ENABLED', { defaultValue: false, description: 'false: one tenant, `default`.' }),
    tenantHostSuffix: text<string | null>('TENANT_HOST_SUFFIX', {
      defaultValue: null,
      description:
        'With `example.org`, people of the tenant `acme` sign in at `acme.example.org`, and requests there must carry a credential of it.',
    }),
  },
  audit: {
    sink: oneOf('AUDIT_CHECKPOINT_SINK', ['none', 'log', 'file', 's3'], {
      defaultValue: 'none',
      description: 'Where signed checkpoints of the record go: a place whoever may change the store should not be able to change.',
    }),
    sinkFile: text<string | null>('AUDIT_CHECKPOINT_FILE', {
      defaultValue: null,
      description: 'The file, for `file`; lines are appended.',
    }),
    checkpointIntervalMs: whole<number>('AUDIT_CHECKPOINT_INTERVAL_MS', [1_000, 24 * hour], {
      defaultValue: 300_000,
      description: 'How often the head of a chain that has grown is signed.',
    }),
    retentionDays: whole<number | null>('AUDIT_RETENTION_DAYS', [1, 36_500], {
      defaultValue: null,
      description: 'Age at which entries are removed under a signed tombstone; unset: never.',
    }),
    s3Endpoint: address('AUDIT_S3_ENDPOINT', { defaultValue: null, description: 'Address with the bucket, for `s3`.' }),
    s3Region: text('AUDIT_S3_REGION', {
      defaultValue: 'us-east-1',
      description: 'Region of the bucket; many servers of S3’s kind take any.',
    }),
    s3Prefix: text('AUDIT_S3_PREFIX', { defaultValue: 'aishell/', description: 'In front of every object’s key.' }),
    s3AccessKeyId: text<string | null>('AUDIT_S3_ACCESS_KEY_ID', { defaultValue: null, description: 'Who signs in to the bucket.' }),
    s3SecretAccessKey: secret('AUDIT_S3_SECRET_ACCESS_KEY', 'With which key.'),
  },
  oidc: oidcSettings,
  connections: {
    allowPrivateHosts: flag('CONNECTION_ALLOW_PRIVATE_HOSTS', {
      defaultValue: true,
      productionDefault: false,
      description: 'Let people save connections to loopback and private addresses. Link-local and metadata addresses are refused always.',
    }),
    allowedHosts: list('CONNECTION_ALLOWED_HOSTS', 'host names or addresses', {
      defaultValue: [],
      description: 'Private hosts that people may connect to all the same.',
    }),
    secretSources: list(
      'CONNECTION_SECRET_SOURCES',
      '`[tenant=]env:NAME` or `[tenant=]file:/path`, each with `@host` or not',
      {
        defaultValue: [],
        description:
          'Secrets a connection may name as its password (`passwordFrom`) instead of bringing one. A `*` at the end stands for the rest of a name, or for the files of a folder; without a tenant it is for `default`; with a host it is sent to that host only. None by default.',
      },
      sourceProblem,
    ),
    sqliteDirs: list(
      'CONNECTION_SQLITE_DIRS',
      'absolute paths',
      {
        defaultValue: [],
        description: 'Folders whose SQLite files may be connected to. None by default.',
      },
      (item) => (item.startsWith('/') ? null : 'is not an absolute path'),
    ),
    allowSuperusers: flag('CONNECTION_ALLOW_SUPERUSERS', {
      defaultValue: false,
      description: 'Let a connection sign in as a superuser of its database.',
    }),
    poolMax: whole<number>('CONNECTION_POOL_MAX', [1, 1000], { defaultValue: 10, description: 'Leases per connection and process.' }),
    queueMax: whole<number>('CONNECTION_QUEUE_MAX', [0, 100_000], {
      defaultValue: 100,
      description: 'Questions that may wait for a lease.',
    }),
    timeoutMs: whole<number>('CONNECTION_TIMEOUT_MS', [100, hour], {
      defaultValue: 10_000,
      description: 'Longest wait for a database to let us in.',
    }),
    catalogTtlMs: whole<number>('CONNECTION_CATALOG_TTL_MS', [1000, 24 * hour], {
      defaultValue: 300_000,
      description: 'Age at which a catalog is read anew, behind the answers that still use the old one.',
    }),
  },
  discovery: {
    isEnabled: flag('DISCOVERY_ENABLED', {
      defaultValue: false,
      description: 'Make connections of the Secrets labelled `aishell.io/connection: "true"` in one namespace, live.',
    }),
    namespace: text<string | null>('DISCOVERY_NAMESPACE', {
      defaultValue: null,
      description: 'That namespace. Whoever may write Secrets there decides what AI-Shell connects to.',
    }),
    apiServer: text('DISCOVERY_API_SERVER', {
      defaultValue: 'https://kubernetes.default.svc',
      description: 'Address of the Kubernetes API.',
    }),
    accountDir: text('DISCOVERY_ACCOUNT_DIR', {
      defaultValue: '/var/run/secrets/kubernetes.io/serviceaccount',
      description: 'Folder with the `token` and `ca.crt` of the service account.',
    }),
  },
  limits: {
    statementTimeoutMs: wholeLimit(
      'LIMIT_STATEMENT_TIMEOUT_MS',
      defaultLimits.statementTimeoutMs,
      'Time of one statement when nobody asks for more.',
    ),
    lockTimeoutMs: wholeLimit('LIMIT_LOCK_TIMEOUT_MS', defaultLimits.lockTimeoutMs, 'Longest wait for a lock.'),
    maxRows: wholeLimit('LIMIT_MAX_ROWS', defaultLimits.maxRows, 'Rows of an answer.'),
    maxBytes: wholeLimit('LIMIT_MAX_BYTES', defaultLimits.maxBytes, 'Bytes of an answer’s cells.'),
    maxTempBytes: wholeLimit('LIMIT_MAX_TEMP_BYTES', defaultLimits.maxTempBytes, 'Temporary files of one statement.', 0),
  },
  ceilings: {
    statementTimeoutMs: wholeLimit(
      'LIMIT_CEILING_STATEMENT_TIMEOUT_MS',
      ceilingLimits.statementTimeoutMs,
      'The most that may be asked for.',
    ),
    lockTimeoutMs: wholeLimit('LIMIT_CEILING_LOCK_TIMEOUT_MS', ceilingLimits.lockTimeoutMs, 'The most that may be asked for.'),
    maxRows: wholeLimit('LIMIT_CEILING_MAX_ROWS', ceilingLimits.maxRows, 'The most that may be asked for; files go up to it unasked.'),
    maxBytes: wholeLimit('LIMIT_CEILING_MAX_BYTES', ceilingLimits.maxBytes, 'The most that may be asked for; files go up to it unasked.'),
    maxTempBytes: wholeLimit('LIMIT_CEILING_MAX_TEMP_BYTES', ceilingLimits.maxTempBytes, 'The most that may be asked for.', 0),
  },
  tracing: {
    isDisabled: flag('OTEL_SDK_DISABLED', { defaultValue: false, description: 'true: no traces, whatever else is set.' }),
    endpoint: address('OTEL_EXPORTER_OTLP_ENDPOINT', {
      defaultValue: null,
      description: 'OTLP over HTTP; traces go to `/v1/traces` under it. Without an endpoint nothing is exported.',
    }),
    tracesEndpoint: address('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', {
      defaultValue: null,
      description: 'The whole address for traces, in place of the one above.',
    }),
    headers: secret('OTEL_EXPORTER_OTLP_HEADERS', 'Headers for the collector, `name=value` with commas between.'),
    serviceName: text('OTEL_SERVICE_NAME', { defaultValue: 'aishell', description: 'Name of this service in traces.' }),
    resourceAttributes: text<string | null>('OTEL_RESOURCE_ATTRIBUTES', {
      defaultValue: null,
      description: 'More attributes of this service, `name=value` with commas between.',
    }),
    sampleRatio: text('OTEL_TRACES_SAMPLER_ARG', {
      defaultValue: '1',
      description: 'Share of new traces that are kept, 0 to 1; a caller’s decision is followed.',
    }),
  },
} as const

/** What the terminal reads; it is a client and needs nothing of the server's settings. */
export const clientTable = {
  client: {
    server: address('AISHELL_SERVER', {
      defaultValue: null,
      description: 'Server the terminal talks to. Unset: one on loopback, started when none runs.',
    }),
    token: secret('AISHELL_TOKEN', 'Token the terminal signs in with.'),
    connection: text<string | null>('AISHELL_CONNECTION', {
      defaultValue: null,
      description: 'Connection the terminal asks when none is named.',
    }),
  },
} as const

export type Table = Readonly<Record<string, Readonly<Record<string, Setting<unknown>>>>>
type ValueOf<Of> = Of extends Setting<infer Value> ? Value : never
export type Values<Of extends Table> = { readonly [Group in keyof Of]: { readonly [Key in keyof Of[Group]]: ValueOf<Of[Group][Key]> } }

/** The typed values of the table, group by group. */
export type SettingValues = Values<typeof settingsTable>
export type ClientSettings = Values<typeof clientTable>['client']

/** Headings of the reference, one per group. */
export const groupTitles: Readonly<Record<keyof typeof settingsTable | keyof typeof clientTable, string>> = {
  app: 'The process',
  server: 'HTTP server',
  store: 'Store',
  redis: 'Redis',
  rates: 'Rate limits',
  model: 'Language model',
  access: 'Keys and access',
  audit: 'Record',
  oidc: 'Single sign-on',
  connections: 'Connections',
  discovery: 'Connections from a cluster',
  limits: 'Limits of one statement',
  ceilings: 'Ceilings of those limits',
  tracing: 'Traces',
  client: 'Terminal',
}
