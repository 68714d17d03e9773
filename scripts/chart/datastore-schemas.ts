import {
  accessMode,
  closed,
  duration,
  flag,
  handedOn,
  image,
  listOf,
  name,
  oneOf,
  orNull,
  quantity,
  renamed,
  resources,
  secretSource,
  seconds,
  size,
  text,
  textMap,
  whole,
  type Schema,
} from './schema-shapes.ts'

/** Set by Helm in every subchart. */
const fromParent = { global: handedOn('Set by Helm.') }
const identifier = { pattern: '^[A-Za-z_][A-Za-z0-9_-]{0,62}$' } as const

const placement = {
  podAnnotations: textMap('Annotations of the pods.'),
  nodeSelector: textMap('Nodes that may run them.'),
  tolerations: handedOn('Taints they tolerate.', 'array'),
  affinity: handedOn('Affinity.'),
  priorityClassName: text('Priority class.', name),
}

const claim = {
  enabled: flag('false: an emptyDir, for trials.'),
  size: text('Size of the volume.', size),
  storageClass: text("Class; empty: the cluster's default.", name),
  accessMode,
}

export const postgresqlSchema: Schema = closed(
  {
    ...fromParent,
    enabled: flag('Load the subchart.'),
    mode: oneOf('internal: one pod of this release. cnpg: a CloudNativePG Cluster. external: a server of yours.', [
      'internal',
      'cnpg',
      'external',
    ]),
    fullnameOverride: text('Name of its objects.', { ...name, maxLength: 43 }),
    replicas: renamed('the bundled PostgreSQL is one primary; see postgresql.mode=cnpg'),
    major: whole('Major version of the image; another one than made the volume is refused.', [1, 99]),
    image: image('PostgreSQL, after the contract of the official image'),
    auth: closed({
      username: text('User that owns the tables.', identifier),
      database: text('Database.', identifier),
      password: renamed('postgresql.auth.secret'),
      secret: closed(secretSource('DB_PASSWORD')),
      adminSecret: closed(secretSource('POSTGRES_PASSWORD and BACKUP_PASSWORD')),
    }),
    tls: closed({
      enabled: flag('TLS of the bundled PostgreSQL; AI-Shell then checks its certificate.'),
      source: oneOf('Where the certificate comes from.', ['generate', 'existingSecret', 'certManager']),
      name: text('Secret with tls.crt, tls.key and ca.crt.', name),
      issuerRef: closed({ name: text('Issuer of cert-manager.', name), kind: oneOf('Its kind.', ['Issuer', 'ClusterIssuer']) }),
    }),
    external: closed({
      host: text('Host of your server.', { pattern: '^[A-Za-z0-9.:_-]*$' }),
      port: whole('Its port.', [1, 65_535]),
      sslmode: oneOf('How AI-Shell connects.', ['disable', 'require', 'verify-full']),
      caSecret: closed({
        name: text('Secret with its certificate authority.', name),
        key: text('Key in it.', { pattern: '^[-._a-zA-Z0-9]+$' }),
      }),
    }),
    cnpg: closed({
      instances: whole('Instances of the Cluster.', [1, 9]),
      imageName: text("Image; empty: the operator's.", { pattern: '^[a-zA-Z0-9._:/@-]*$' }),
      storage: closed({ size: claim.size, storageClass: claim.storageClass }),
      resources: resources('an instance'),
      parameters: textMap('Parameters of PostgreSQL.'),
      backup: handedOn('spec.backup of the Cluster.'),
      monitoring: flag('A PodMonitor of the operator.'),
      affinity: handedOn('spec.affinity of the Cluster.'),
    }),
    primary: closed({
      resources: resources('the database'),
      persistence: closed(claim),
      parameters: {
        type: 'object',
        additionalProperties: { type: ['string', 'number', 'boolean'] },
        description: 'postgres -c name=value.',
      },
      podSecurityContext: handedOn('Of the pod.'),
      securityContext: handedOn('Of its containers.'),
      shmSize: text('Shared memory.', size),
      terminationGracePeriodSeconds: whole('Time for a clean stop.', seconds),
      ...placement,
    }),
    backup: closed({
      enabled: flag('A CronJob that dumps into a claim, and one, suspended, that restores.'),
      schedule: text('When, in UTC.', { pattern: '^(@(hourly|daily|weekly|monthly)|(\\S+\\s+){4}\\S+)$' }),
      keep: whole('Dumps that are kept.', [1, 1000]),
      existingClaim: text('A claim of yours.', name),
      size: claim.size,
      storageClass: claim.storageClass,
      accessMode,
      resources: resources('a backup'),
    }),
  },
  { description: 'Where AI-Shell keeps its own data.' },
)

export const redisSchema: Schema = closed(
  {
    ...fromParent,
    enabled: flag('Load the subchart.'),
    mode: oneOf('standalone: one pod. sentinel: a primary, replicas and three Sentinels. external: a server of yours.', [
      'standalone',
      'sentinel',
      'external',
    ]),
    fullnameOverride: text('Name of its objects.', { ...name, maxLength: 43 }),
    image: image('Valkey or Redis'),
    auth: closed({ password: renamed('redis.auth.secret'), secret: closed(secretSource('REDIS_PASSWORD')) }),
    replicaCount: whole('Data pods in sentinel mode, one of them the primary.', [1, 9]),
    maxmemory: text('Memory for data.', { pattern: '^[1-9][0-9]*(kb|mb|gb)$' }),
    maxmemoryPolicy: oneOf('What goes when it is full.', [
      'noeviction',
      'allkeys-lru',
      'allkeys-lfu',
      'volatile-lru',
      'volatile-lfu',
      'volatile-ttl',
    ]),
    master: closed({ resources: resources('a data pod'), persistence: closed(claim) }),
    sentinel: closed({
      downAfterMilliseconds: whole('Silence after which the primary is held for down.', [1000, 60_000]),
      failoverTimeoutMilliseconds: whole('Time of one attempt to fail over.', [5000, 180_000]),
      resources: resources('a Sentinel'),
    }),
    podSecurityContext: handedOn('Of the pods.'),
    securityContext: handedOn('Of their containers.'),
    ...placement,
    external: closed({
      host: text('Host of your server.', { pattern: '^[A-Za-z0-9.:_-]*$' }),
      port: whole('Its port.', [1, 65_535]),
      sentinels: listOf('host:port of Sentinels, in place of the host.', { type: 'string', pattern: '^[^:\\s,]+:[0-9]{1,5}$' }),
      sentinelName: text('Name of the primary among them.', { pattern: '^[A-Za-z0-9._-]*$' }),
      tls: flag('Speak TLS to it.'),
    }),
  },
  { description: 'Shared limits, caches and cancelling.' },
)

const port = { type: 'integer', minimum: 1, maximum: 65_535 } as const
const rules = (what: string): Schema =>
  listOf(
    `Rules for ${what}.`,
    closed(
      { to: handedOn('Peers of a NetworkPolicy.', 'array'), ports: listOf('TCP ports.', port, { minItems: 1 }) },
      { required: ['to', 'ports'] },
    ),
  )

export const networkPolicySchema: Schema = closed({
  enabled: flag('Default deny for the release, and the ways that are needed.'),
  ingress: closed({
    from: handedOn('Peers that may ask; empty: any pod of the cluster.', 'array'),
    metricsFrom: handedOn('Peers that may scrape; empty: any pod of the cluster.', 'array'),
  }),
  egress: closed({
    open: flag('true: TCP to anywhere but the blocked addresses. false: only what is listed.'),
    blocked: listOf('Address blocks nobody reaches while open.', { type: 'string', pattern: '^[0-9a-fA-F.:]+/[0-9]{1,3}$' }),
    dns: closed({ namespaceLabels: textMap("Labels of the DNS server's namespace."), podLabels: textMap('Labels of its pods.') }),
    databases: rules('the databases people ask'),
    models: rules('language models'),
    others: rules('anything else'),
    apiServer: closed({
      cidrs: listOf('Addresses of the API server, for discovery.', { type: 'string', pattern: '^[0-9a-fA-F.:]+/[0-9]{1,3}$' }),
      port: whole('Its port.', [1, 65_535]),
    }),
  }),
})

const labelled = {
  enabled: flag('Render it.'),
  namespace: text("Namespace; empty: the release's.", name),
  labels: textMap('Labels by which it is found.'),
}

export const metricsSchema: Schema = closed({
  port: whole('Port of /metrics, never public.', [1, 65_535]),
  serviceMonitor: closed({
    ...labelled,
    interval: text('Between two scrapes.', duration),
    scrapeTimeout: text('Longest scrape.', duration),
  }),
  prometheusRule: closed({ ...labelled, runbookUrl: text('Where docs/runbooks is served.', { format: 'uri' }) }),
  dashboard: closed({ ...labelled, annotations: textMap('Annotations, such as a folder.') }),
})

const replicas = [1, 200] as const
const percent = [1, 1000] as const

export const autoscalingSchema: Schema = closed({
  enabled: flag('The Deployment then has no replicas of its own.'),
  minReplicas: whole('Fewest pods.', replicas),
  maxReplicas: whole('Most pods.', replicas),
  targetCPUUtilizationPercentage: orNull(whole('Share of the CPU request; null: off.', percent)),
  targetMemoryUtilizationPercentage: orNull(whole('Share of the memory request; null: off.', percent)),
  targetLeasesPerPod: orNull(whole('Database connections in use per pod; needs a metrics adapter. null: off.', [1, 10_000])),
  behavior: handedOn('spec.behavior of the HorizontalPodAutoscaler.'),
  keda: closed({
    enabled: flag('A KEDA ScaledObject in place of the HorizontalPodAutoscaler.'),
    serverAddress: text('Address of Prometheus.', { pattern: '^(https?://\\S+)?$' }),
    leasesPerPod: whole('Database connections in use or waited for, per pod.', [1, 10_000]),
    pollingInterval: whole('Seconds between two looks.', [1, 3600]),
    cooldownPeriod: whole('Seconds before it goes down.', seconds),
  }),
})

export const quotaSchema: Schema = closed({
  enabled: flag('A ResourceQuota for the namespace.'),
  hard: { type: 'object', additionalProperties: quantity, description: 'spec.hard.' },
})
