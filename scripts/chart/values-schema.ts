import { type Setting } from '../../src/platform/config/index.ts'
import { configKey, configSettings, ownedSettings, providerSecrets } from './chart-settings.ts'
import { autoscalingSchema, metricsSchema, networkPolicySchema, postgresqlSchema, quotaSchema, redisSchema } from './datastore-schemas.ts'
import {
  accessMode,
  closed,
  duration,
  flag,
  handedOn,
  image,
  label,
  listOf,
  name,
  oneOf,
  probe,
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

const pullSecrets = listOf('Secrets for pulling images.', closed({ name: text('Name.', name) }, { required: ['name'] }))
const intOrPercent = { type: ['integer', 'string'], minimum: 0, maximum: 1000, pattern: '^(100|[0-9]{1,2})%$' } as const

/** `values.schema.json`: closed to the last key that is ours. */
export const valuesSchema: Schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Values of the AI-Shell chart',
  ...closed({
    global: closed(
      {
        imageRegistry: text('Registry of every image.', { pattern: '^[a-zA-Z0-9.:/-]*$' }),
        imagePullSecrets: pullSecrets,
        clusterDomain: text('Domain of the cluster.', name),
      },
      { additionalProperties: true, description: 'Shared with subcharts and with umbrella charts.' },
    ),
    replicaCount: whole('Pods; not looked at while autoscaling is on.', [1, 200]),
    image: image('AI-Shell'),
    imagePullSecrets: pullSecrets,
    nameOverride: text('Name in labels.', { ...name, maxLength: 63 }),
    fullnameOverride: text('Name of the objects.', { ...name, maxLength: 46 }),
    gitops: flag('Rendered where the cluster cannot be asked; nothing may be generated.'),
    namespace: closed({ create: flag('A Namespace with restricted Pod Security, for plain manifests.') }),
    config: configSchema(),
    declare: closed(
      {
        connections: handedOn('`connections` of aishell.yaml.', 'array'),
        policies: { type: 'object', additionalProperties: { type: 'object' }, description: '`policies` of aishell.yaml.' },
        passwordSecrets: listOf(
          'Secrets whose keys appear as /app/connections/<secret>/<key>.',
          { type: 'string', ...name, minLength: 1 },
          { uniqueItems: true },
        ),
      },
      { description: 'aishell.yaml, see docs/how-to/declare-connections-in-a-file.md.' },
    ),
    secrets: closed(
      {
        app: closed(secretSource('SECRET_KEY, JWT_SECRET and ADMIN_TOKEN')),
        providers: closed({
          source: oneOf('Exactly one source.', ['none', 'existingSecret', 'externalSecrets']),
          name: text("Name of the Secret; empty: the chart's own name.", name),
          keys: listOf('Settings whose values the Secret holds.', { type: 'string', enum: [...providerSecrets] }, { uniqueItems: true }),
        }),
        anthropicApiKey: renamed('secrets.providers'),
        openaiApiKey: renamed('secrets.providers'),
        secretKey: renamed('secrets.app'),
        jwtSecret: renamed('secrets.app'),
      },
      { description: 'Each Secret has one consumer and one source.' },
    ),
    externalSecrets: closed({
      storeRef: closed({ name: text('Store to read from.', name), kind: oneOf('Its kind.', ['SecretStore', 'ClusterSecretStore']) }),
      refreshInterval: text('How often it is read.', duration),
      remotePrefix: text('A key is found at <prefix>/<key in small letters, with dashes>.', { pattern: '^[A-Za-z0-9_./-]+$' }),
      createStore: flag('A SecretStore of this release.'),
      provider: handedOn('Its spec.provider.'),
    }),
    serviceAccount: closed({
      create: flag('Make the account.'),
      annotations: textMap('Its annotations.'),
      name: text('Its name.', name),
    }),
    discovery: closed({
      enabled: flag('Labelled Secrets of one namespace become connections; the pods then carry a token that may watch Secrets there.'),
      namespace: text('That namespace; not the release’s own.', name),
    }),
    podAnnotations: textMap('Annotations of the pods.'),
    podLabels: textMap('More labels of the pods.'),
    podSecurityContext: handedOn('Of the pods.'),
    securityContext: handedOn('Of their containers.'),
    service: closed({
      type: oneOf('Kind of Service.', ['ClusterIP', 'NodePort', 'LoadBalancer']),
      port: whole('Its port.', [1, 65_535]),
      targetPort: whole('Port of the pods.', [1024, 65_535]),
      annotations: textMap('Its annotations.'),
      sessionAffinity: oneOf('ClientIP keeps a client on one pod; not needed.', ['None', 'ClientIP']),
      sessionAffinityTimeoutSeconds: whole('How long.', [1, 86_400]),
    }),
    ingress: closed({
      enabled: flag('Render it.'),
      className: text('Class of the controller.', name),
      annotations: textMap('For the controller and cert-manager.'),
      hosts: listOf(
        'Hosts and paths.',
        closed(
          {
            host: text('Host.', { ...name, minLength: 1, pattern: '^(\\*\\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$' }),
            paths: listOf(
              'Paths; no rewriting.',
              closed(
                {
                  path: text('Path.', { pattern: '^/\\S*$' }),
                  pathType: oneOf('How it matches.', ['Prefix', 'Exact', 'ImplementationSpecific']),
                },
                { required: ['path', 'pathType'] },
              ),
              { minItems: 1 },
            ),
          },
          { required: ['host', 'paths'] },
        ),
      ),
      tls: listOf(
        'Certificates.',
        closed({ secretName: text('Secret.', name), hosts: listOf('Hosts.', { type: 'string' }) }, { required: ['secretName'] }),
      ),
    }),
    httpRoute: closed({
      enabled: flag('Render it; needs Gateway API v1.'),
      annotations: textMap('Its annotations.'),
      parentRefs: listOf(
        'Gateways.',
        closed(
          {
            group: oneOf('Group.', ['gateway.networking.k8s.io']),
            kind: oneOf('Kind.', ['Gateway', 'ListenerSet']),
            namespace: text('Namespace.', { ...label, maxLength: 63 }),
            name: text('Name.', label),
            sectionName: text('Listener.', label),
            port: whole('Port.', [1, 65_535]),
          },
          { required: ['name'] },
        ),
      ),
      hostnames: listOf('Hosts.', { type: 'string', pattern: '^(\\*\\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$' }),
      requestTimeout: text('Longest answer; 0s: none.', duration),
    }),
    resources: resources('AI-Shell'),
    probes: closed({ startup: probe('Startup'), liveness: probe('Liveness'), readiness: probe('Readiness') }),
    preStopSleepSeconds: whole('Time for balancers to forget a pod.', [1, 600]),
    terminationGracePeriodSeconds: whole('Longer than preStopSleepSeconds and config.drainGraceMs together.', seconds),
    strategy: closed({
      maxSurge: { ...intOrPercent, description: 'Pods above the count while pods are replaced.' },
      maxUnavailable: { ...intOrPercent, description: 'Pods below it.' },
    }),
    autoscaling: autoscalingSchema,
    pdb: closed({
      enabled: flag('Only above one pod.'),
      maxUnavailable: { ...intOrPercent, minimum: 1, description: 'Pods a drain may take at once.' },
      minAvailable: renamed('pdb.maxUnavailable'),
    }),
    persistence: closed({
      enabled: flag('A claim for /app/data; nothing of AI-Shell needs one.'),
      existingClaim: text('A claim of yours.', name),
      storageClass: text("Class; empty: the cluster's default.", name),
      size: text('Size.', size),
      accessMode,
      annotations: textMap('Its annotations.'),
    }),
    scratch: closed({ sizeLimit: text('Room for temporary files of a pod.', size) }),
    nodeSelector: textMap('Nodes that may run the pods.'),
    tolerations: handedOn('Taints they tolerate.', 'array'),
    affinity: handedOn('Empty: pods prefer different nodes.'),
    topologySpreadConstraints: handedOn('Empty: spread over zones where that is possible.', 'array'),
    priorityClassName: text('Priority class.', name),
    extraEnv: listOf(
      'More variables; settings belong into config.',
      closed(
        { name: text('Name.', { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }), value: text('Value.'), valueFrom: handedOn('Source.') },
        { required: ['name'] },
      ),
    ),
    extraVolumes: handedOn('More volumes.', 'array'),
    extraVolumeMounts: handedOn('More mounts.', 'array'),
    migrations: closed({
      mode: oneOf(
        'startup: each pod, under a lock. job: a Job, for which the pods wait. hook: before anything else of the release. off: you run `aishell migrate`.',
        ['startup', 'job', 'hook', 'off'],
      ),
      ttlSecondsAfterFinished: whole('How long a finished Job stays.', [60, 604_800]),
    }),
    networkPolicy: networkPolicySchema,
    resourceQuota: quotaSchema,
    limitRange: closed({
      enabled: flag('A LimitRange for the namespace.'),
      default: { type: 'object', additionalProperties: quantity, description: 'Limits of a container without.' },
      defaultRequest: { type: 'object', additionalProperties: quantity, description: 'Requests of a container without.' },
    }),
    metrics: metricsSchema,
    tests: closed({ resources: resources('the test pod') }),
    postgresql: postgresqlSchema,
    redis: redisSchema,
  }),
}

/** One key per setting, so that a misspelt one is refused before anything is installed. */
function configSchema(): Schema {
  const keys = configSettings.map((setting) => [configKey(setting.name), settingSchema(setting)])
  const owned = Object.entries(ownedSettings).map(([setting, instead]) => [configKey(setting), renamed(instead)])
  return closed(Object.fromEntries([...keys, ...owned]) as Record<string, Schema>, {
    description: 'Settings of AI-Shell, LIMIT_MAX_ROWS as limitMaxRows; docs/reference/settings.md explains each.',
  })
}

function settingSchema({ accepts, description }: Setting<unknown>): Schema {
  if (accepts === '`true`, `false`') return { type: ['boolean', 'null'], description }
  const range = /^whole number, (\d+) to (\d+)/.exec(accepts) ?? /^whole number, (\d+) or more/.exec(accepts)
  if (range !== null) {
    const [, minimum, maximum = String(Number.MAX_SAFE_INTEGER)] = range
    return { type: ['integer', 'null'], minimum: Number(minimum), maximum: Number(maximum), description }
  }
  const choices = [...accepts.matchAll(/`([^`]+)`/g)].map((match) => match[1])
  if (/^(`[^`]+`(, )?)+$/.test(accepts)) return { enum: [...choices, null], description }
  if (accepts.startsWith('comma-separated')) return { type: ['array', 'null'], items: { type: 'string', pattern: '^[^,]+$' }, description }
  return { type: ['string', 'null'], description }
}

export function renderValuesSchema(): string {
  return `${JSON.stringify(valuesSchema, null, 2)}\n`
}
