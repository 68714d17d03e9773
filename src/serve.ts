import { appendFileSync } from 'node:fs'
import { newId, utcDay, type Scope, type Secret } from './domain/index.ts'
import { ensureKeys, secretsOf, type Settings } from './platform/config/index.ts'
import { createConnections, type Connections, type PasswordSource } from './platform/connections/index.ts'
import { createMysqlEngine, createPostgresEngine, createSqliteEngine } from './platform/engines/index.ts'
import { createModels } from './platform/models/index.ts'
import { createObserver, type LogSink, type Observer } from './platform/observe/index.ts'
import { createKeyring, createStore, type Keyring, type Store } from './platform/store/index.ts'
import { createTenancy, type People } from './platform/tenancy/index.ts'
import { answer, createApprovalDesk, type Answer, type ApprovalDesk, type QuestionRooms } from './question/index.ts'
import { createApprovals } from './question/approve/index.ts'
import { createAsk } from './question/ask/index.ts'
import { createGuard } from './question/guard/index.ts'
import { createRecord, type Record } from './question/record/index.ts'
import { createHttpServer, RunningAnswers } from './surfaces/http/index.ts'
import { createMcp } from './surfaces/mcp/index.ts'
import { attendants } from './attendants.ts'
import { hostsOf, openDiscovered, type DiscoveredConnections } from './discovered-connections.ts'
import { openStoreServer } from './open-store-server.ts'
import { firstCredentials, letInByAdminToken, type FirstCredentials } from './first-credentials.ts'
import { startLeaderJobs, type LeaderJob } from './leader-jobs.ts'
import { openIdentity } from './open-identity.ts'
import { readinessChecks } from './readiness-checks.ts'
import { modelProviders } from './model-providers.ts'
import { createTenantOffice, openTenants, tenantModels } from './tenant-office.ts'
import { createPersonOffice } from './person-office.ts'
import { passwordReferences } from './password-references.ts'
import { prepareStore } from './prepare-store.ts'
import { openReplicas, type Replicas } from './replicas.ts'
import { checkpointSink, keepingJobs } from './record-keeping.ts'
import { watchRevocations } from './watch-revocations.ts'
import { watchSecrets } from './watch-secrets.ts'

export interface ServeOptions {
  /** Where log lines go: standard output unless a shell owns the terminal. */
  readonly logTo?: string | LogSink
  /** Wins over the setting; 0 takes a free port. */
  readonly port?: number
}

export interface RunningServer {
  readonly url: string
  readonly credentials: FirstCredentials
  /** The database people are asked to try first; null where there is no demo. */
  readonly demo: string | null
  /** Drains: /ready says 503 first, running answers may finish within the grace, then they are cancelled. */
  stop(): Promise<void>
}

const sweepMs = 15_000

/** The composition root: builds every room by hand and introduces them. Whatever fails on the way is closed again. */
export async function serve(settings: Settings, options: ServeOptions = {}): Promise<RunningServer> {
  const closers: (() => Promise<void>)[] = []
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).toReversed()) await close().catch(() => undefined) // the rest must still be closed
  }
  try {
    return await build(settings, options, closers, closeAll)
  } catch (error) {
    await closeAll()
    throw error
  }
}

async function build(
  settings: Settings,
  options: ServeOptions,
  closers: (() => Promise<void>)[],
  closeAll: () => Promise<void>,
): Promise<RunningServer> {
  const storeServer = await openStoreServer(settings)
  closers.push(() => storeServer.close())
  const keys = ensureKeys(settings)
  const observer = await openObserver(settings, options, [keys.secretKey, keys.jwtSecret, ...storeServer.secrets])
  closers.push(() => observer.shutdown())
  for (const warning of settings.warnings) observer.observe({ type: 'warning', ...warning })

  await prepareStore(settings, storeServer.address, observer.observe, options.port ?? settings.server.port)
  const store = createStore({ address: storeServer.address, poolMax: settings.store.poolMax })
  closers.push(() => store.close())
  const keyring = createKeyring({ store, secretKey: keys.secretKey, otherKeys: settings.access.oldSecretKeys })
  const tenancy = createTenancy({ store })
  const scope = await tenancy.ensureDefaultTenant()
  const installationKey = await keyring.auditKey(scope) // a wrong SECRET_KEY is said now, not at the first question
  const server = { serverId: newId(), isOnlyServer: storeServer.isEmbedded }
  const { observe } = observer
  const { jwtSecret } = keys
  const replicas = openReplicas({ settings, address: storeServer.address, serverId: server.serverId, jwtSecret, installationKey, observe })
  closers.push(() => replicas.close())
  const { tenants, quotas } = openTenants(settings, {
    store,
    scope,
    observe,
    changed: replicas.changed('tenants'),
    elsewhere: replicas.runningElsewhere,
  })
  closers.push(() => quotas.close())
  const { people, identity } = openIdentity({ settings, store, tenancy, tenants, observe, jwtSecret, changed: replicas.changed('people') })
  const credentials = await firstCredentials({ settings, scope, tenancy, tenants, identity })

  const record = createRecord({
    ...server,
    store,
    keyring,
    observe: observer.observe,
    isEnabled: settings.access.isAuditEnabled,
    version: settings.version,
    sink: checkpointSink(settings, lineWriter(options)),
  })
  closers.push(() => record.close())
  const cluster = openDiscovered(settings, observer.observe)
  closers.push(() => cluster.close())
  const connections = openConnections({
    settings,
    store,
    keyring,
    observer,
    scope,
    demo: storeServer.demo,
    discovered: cluster.discovered,
    people,
    replicas,
    passwordFrom: passwordReferences(settings, tenants),
  })
  closers.push(() => connections.close())
  const guard = createGuard()
  closers.push(() => guard.close())
  const models = createModels({ ...modelProviders(settings), observe: observer.observe })
  const kept = createApprovals({ store, ...server })
  const rooms: QuestionRooms = {
    connections,
    guard,
    record,
    approvals: kept,
    ask: createAsk({ fallbackToBuiltin: false, maxPromptTokens: 12_000 }),
    models: models.isConfigured ? models : null,
    observe: observer.observe,
    span: observer.span,
    today: () => utcDay(new Date()),
    modelsOf: tenantModels({ store, keyring, quotas }, { ...modelProviders(settings), models, observe: observer.observe }),
  }
  const office = createTenantOffice({ store, keyring, tenancy, tenants, quotas, identity, record })
  const running = new RunningAnswers(replicas.cancelElsewhere)
  const attended: QuestionRooms = { ...rooms, attend: attendants(running, quotas) }
  const follow: Answer = (actor, question, stop, delivery) => answer(attended, actor, question, stop, delivery)
  const approvals = createApprovalDesk({ ...rooms, identity })
  closers.push(() => approvals.close())
  const mcp = createMcp(
    { answer: follow, connections, approvals, observe: observer.observe },
    { version: settings.version, origins: settings.server.corsOrigins, cancelElsewhere: (call) => replicas.cancelCallElsewhere(call) },
  )
  closers.push(() => mcp.close())
  replicas.join({ running, mcp, identity, connections, tenants })
  const http = await createHttpServer(
    {
      answer: follow,
      running,
      identity,
      people,
      persons: createPersonOffice({ keyring, people, approvals: kept, record, retentionDays: settings.audit.retentionDays }),
      signInPlace: (claim) => tenants.signInPlace(claim),
      connections,
      record,
      approvals,
      checks: [...readinessChecks({ settings, store, models }), ...replicas.checks, ...cluster.checks],
      rates: replicas.rates,
      observer,
      mcp,
      office,
    },
    {
      version: settings.version,
      corsOrigins: settings.server.corsOrigins,
      publicUrl: settings.server.publicUrl,
      tenantHostSuffix: settings.access.tenantHostSuffix,
      trustedProxies: settings.server.trustedProxies,
      bodyLimitBytes: settings.server.maxRequestBytes,
      requestTimeoutMs: settings.server.requestTimeoutMs,
      maxRunningAnswers: settings.server.maxAnswers,
      maxConnections: settings.server.maxConnections,
      readerStallMs: settings.server.readerStallMs,
      hasMetricsPort: settings.server.metricsPort !== null && settings.server.metricsPort !== settings.server.port,
    },
  )
  const url = await http.listen({
    host: settings.server.host,
    port: options.port ?? settings.server.port,
    ...(settings.server.metricsPort === null ? {} : { metricsPort: settings.server.metricsPort }),
  })
  closers.push(() => http.close({ graceMs: settings.server.drainGraceMs }))
  const jobs = [...sweepJobs(record, approvals, observer), ...keepingJobs(record, settings, observer)]
  closers.push(startLeaderJobs(() => replicas.lead(), jobs, observe))
  closers.push(watchRevocations({ running, identity, observe: observer.observe }))
  closers.push(
    watchSecrets({
      files: settings.secretFiles,
      observe: observer.observe,
      changed: async (name) => {
        if (name === 'ADMIN_TOKEN') await letInByAdminToken({ settings, scope, tenancy, identity })
      },
    }),
  )
  observer.observe({ type: 'server-started', url, version: settings.version })
  return {
    url,
    credentials,
    demo: storeServer.demo === null ? null : demoName,
    stop: async () => {
      http.beginDrain()
      observer.observe({ type: 'server-draining', graceMs: settings.server.drainGraceMs })
      await closeAll()
    },
  }
}

export const demoName = 'harbor-goods'

async function openObserver(settings: Settings, options: ServeOptions, secrets: readonly Secret[]): Promise<Observer> {
  return await createObserver({
    version: settings.version,
    level: settings.app.logLevel,
    ...(options.logTo === undefined ? {} : { destination: options.logTo }),
    tracing: settings.tracing,
    secrets: [...secretsOf(settings), ...secrets],
  })
}

interface ConnectionRooms {
  readonly settings: Settings
  readonly store: Store
  readonly keyring: Keyring
  readonly observer: Observer
  readonly scope: Scope
  readonly demo: Awaited<ReturnType<typeof openStoreServer>>['demo']
  readonly discovered: DiscoveredConnections['discovered']
  readonly people: People
  readonly replicas: Replicas
  readonly passwordFrom: PasswordSource
}

function openConnections(rooms: ConnectionRooms): Connections {
  const { settings, store, keyring, observer, scope, demo, discovered, people, replicas, passwordFrom } = rooms
  const hosts = hostsOf(settings, discovered, demo === null ? [] : [demo.host])
  return createConnections({
    store,
    keyring,
    observe: observer.observe,
    engines: [
      createPostgresEngine(hosts),
      createMysqlEngine('mysql', hosts),
      createMysqlEngine('mariadb', hosts),
      createSqliteEngine({ allowedDirectories: settings.connections.sqliteDirs }),
    ],
    pool: {
      maxLeases: settings.connections.poolMax,
      maxWaiting: settings.connections.queueMax,
      connectTimeoutMs: settings.connections.timeoutMs,
    },
    catalogTtlMs: settings.connections.catalogTtlMs,
    allowSuperusers: settings.connections.allowSuperusers,
    roleNames: (tenant) => people.roleNames(tenant),
    changed: replicas.changed('connections'),
    catalogChanged: replicas.changed('catalog'),
    passwordFrom,
    limits: { defaults: settings.limits, ceiling: settings.ceilings },
    declarations: {
      scope,
      declared: settings.declared,
      discovered,
      demo:
        demo === null
          ? null
          : {
              input: {
                name: demoName,
                description: 'Harbor Goods, an invented shop to try things on',
                engine: 'postgres',
                target: { host: demo.host, port: demo.port, database: demo.database, user: demo.user, sslmode: 'disable' },
              },
              password: demo.password,
              policy: null,
            },
      startedAt: new Date(),
    },
  })
}

/** Lines that are no log lines go where those go. */
function lineWriter({ logTo }: ServeOptions): (line: string) => void {
  if (typeof logTo === 'object') return (line) => logTo.write(line)
  return logTo === undefined ? (line) => void process.stdout.write(line) : (line) => appendFileSync(logTo, line)
}

/** Intents of servers that died become `lost` within a minute; what was approved and left by them is carried on or settled. */
function sweepJobs(record: Record, approvals: ApprovalDesk, { observe }: Observer): readonly LeaderJob[] {
  const sweep = async (code: string, work: () => Promise<unknown>): Promise<void> => {
    await work().catch((error: unknown) => observe({ type: 'failure', code, error }))
  }
  return [
    { everyMs: sweepMs, isDoneAtEnd: false, round: () => sweep('record.sweep', () => record.sweepLost()) },
    { everyMs: sweepMs, isDoneAtEnd: false, round: () => sweep('approvals.sweep', () => approvals.sweep()) },
  ]
}
