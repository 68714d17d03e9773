import { describe, expect, test } from 'vitest'
import { manifestsOf, needTool, only, renderChart, valuesFile, type Rendering, type Tree } from '../support/chart.ts'
import { chartRules, mountedSecrets, secretSources } from '../support/chart-rules.ts'

/** Values that between them render every template. */
const renderings: Readonly<Record<string, Rendering>> = {
  'no values at all': {},
  'values-staging.yaml': { files: [valuesFile('values-staging.yaml')] },
  'values-prod.yaml': { files: [valuesFile('values-prod.yaml')] },
  'discovery and a Job that migrates': {
    values: { discovery: { enabled: true, namespace: 'connections' }, migrations: { mode: 'job' } },
  },
  'a release of the longest name': {
    name: 'a-release-whose-name-is-as-long-as-helm-lets-it-be-53',
    files: [valuesFile('values-prod.yaml')],
    values: { migrations: { mode: 'job' } },
  },
  CloudNativePG: { values: { postgresql: { mode: 'cnpg' } } },
}

describe.each(Object.entries(renderings))('rendered with %s', (_name, rendering) => {
  test.for(Object.entries(chartRules))('%s', async ([, find], context) => {
    expect(find(await manifestsOf(needTool(context, 'helm'), rendering))).toEqual([])
  })

  test('every Secret that is mounted is brought along', async (context) => {
    const manifests = await manifestsOf(needTool(context, 'helm'), rendering)
    const operated = manifests.filter((one) => one.kind === 'Cluster').map((one) => `${one.metadata.name}-ca`)
    const brought = new Set([...secretSources(manifests), ...operated])
    expect(mountedSecrets(manifests).filter((name) => !brought.has(name))).toEqual([])
  })
})

describe('the values of production', () => {
  const production = { files: [valuesFile('values-prod.yaml')] }

  test('scale from three pods on, and leave the count to the autoscaler', async (context) => {
    const manifests = await manifestsOf(needTool(context, 'helm'), production)
    expect(only(manifests, 'Deployment').spec.replicas).toBeUndefined()
    expect(only(manifests, 'HorizontalPodAutoscaler').spec).toMatchObject({ minReplicas: 3, maxReplicas: 10 })
  })

  test('bring a disruption budget, policies, a quota and TLS', async (context) => {
    const manifests = await manifestsOf(needTool(context, 'helm'), production)
    expect(only(manifests, 'PodDisruptionBudget', 'aishell').spec).toMatchObject({
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    })
    expect(manifests.filter((one) => one.kind === 'NetworkPolicy').length).toBeGreaterThan(4)
    expect(only(manifests, 'ResourceQuota').metadata.name).toBe('aishell-quota')
    expect(only(manifests, 'Ingress').spec.tls).toEqual([{ secretName: 'aishell-tls', hosts: ['aishell.example.com'] }])
    expect(only(manifests, 'ConfigMap', 'aishell-config').data).toMatchObject({ DB_SSLMODE: 'verify-full' })
  })

  test('keep the Sentinels apart from the data', async (context) => {
    const manifests = await manifestsOf(needTool(context, 'helm'), production)
    expect(only(manifests, 'StatefulSet', 'aishell-redis-sentinel').spec.replicas).toBe(3)
    expect(only(manifests, 'StatefulSet', 'aishell-redis').spec.template.spec.containers).toHaveLength(1)
  })
})

describe('discovery', () => {
  const values = { discovery: { enabled: true, namespace: 'aishell-connections' } }

  test('gives the pods of the server a token, and the right to watch one namespace', async (context) => {
    const manifests = await manifestsOf(needTool(context, 'helm'), { values })
    const { volumes } = only(manifests, 'Deployment').spec.template.spec
    expect(volumes.find((volume: Tree) => volume.name === 'api-token').projected.sources[0]).toMatchObject({
      serviceAccountToken: { path: 'token' },
    })
    const role = only(manifests, 'Role')
    expect(role.metadata.namespace).toBe('aishell-connections')
    expect(role['rules']).toEqual([{ apiGroups: [''], resources: ['secrets'], verbs: ['list', 'watch'] }])
    expect(only(manifests, 'ConfigMap', 'aishell-config').data).toMatchObject({
      DISCOVERY_ENABLED: 'true',
      DISCOVERY_NAMESPACE: 'aishell-connections',
    })
  })

  test('is off by default: no token, no right to any Secret', async (context) => {
    const manifests = await manifestsOf(needTool(context, 'helm'))
    expect(JSON.stringify(manifests)).not.toContain('serviceAccountToken')
    expect(JSON.stringify(only(manifests, 'Role')['rules'])).not.toContain('secrets')
  })
})

describe('who migrates', () => {
  const own = {
    postgresql: { enabled: false, mode: 'external', external: { host: 'db' }, auth: { secret: { source: 'existingSecret', name: 'db' } } },
    secrets: { app: { source: 'existingSecret', name: 'keys' } },
  }

  test.for(['startup', 'off'])('%s brings no Job', async (mode, context) => {
    const manifests = await manifestsOf(needTool(context, 'helm'), { values: { migrations: { mode } } })
    expect(manifests.filter((one) => one.kind === 'Job')).toEqual([])
    expect(only(manifests, 'ConfigMap', 'aishell-config').data).toMatchObject({ MIGRATIONS: mode })
  })

  test('a Job has a name of its own for each image, because a Job cannot be changed', async (context) => {
    const helm = needTool(context, 'helm')
    const names = ['1', '1', '2'].map(async (tag) => {
      const job = only(await manifestsOf(helm, { values: { migrations: { mode: 'job' }, image: { tag } } }), 'Job')
      return job.metadata.name
    })
    const [first, again, other] = await Promise.all(names)
    expect([first === again, first === other]).toEqual([true, false])
  })

  test('a hook runs before anything else and needs nothing of the release', async (context) => {
    const manifests = await manifestsOf(needTool(context, 'helm'), { values: { ...own, migrations: { mode: 'hook' } } })
    const job = only(manifests, 'Job')
    expect(job.metadata.annotations).toMatchObject({ 'helm.sh/hook': 'pre-install,pre-upgrade' })
    const pod = job.spec.template.spec
    expect(JSON.stringify(pod)).not.toMatch(/configMap|serviceAccountName/)
    expect(mountedSecrets([job])).toEqual(['keys', 'db'])
    expect(pod.containers[0].args).toEqual(['migrate'])
  })
})

describe('values that cannot work', () => {
  test.for([
    ['a password in values', { postgresql: { auth: { password: 'changeme' } } }, 'postgresql.auth.password is no value any more'],
    ['a model key in values', { secrets: { anthropicApiKey: 'x' } }, 'secrets.anthropicApiKey is no value any more'],
    ['three databases behind one name', { postgresql: { replicas: 3 } }, 'postgresql.mode=cnpg'],
    ['a fixed minimum that blocks drains', { pdb: { minAvailable: 2 } }, 'pdb.maxUnavailable=1'],
    ['generated Secrets in a repository', { gitops: true }, 'gitops=true cannot generate a Secret'],
    ['a volume of one node for three pods', { persistence: { enabled: true } }, 'persistence.accessMode=ReadWriteOnce'],
    ['many pods without Redis', { redis: { enabled: false } }, 'More than one pod needs Redis'],
    ['an own server without a host', { postgresql: { mode: 'external' } }, 'needs postgresql.external.host'],
    ['the superuser as user', { postgresql: { auth: { username: 'postgres' } } }, 'as the superuser'],
    ['a grace that cuts answers off', { terminationGracePeriodSeconds: 30 }, 'would cut answers off'],
    ['metrics on the public port', { metrics: { port: 8000 } }, 'would make the metrics public'],
    ['a rewrite of every path', { ingress: { annotations: { 'nginx.ingress.kubernetes.io/rewrite-target': '/' } } }, 'every path to one'],
    ['a model without its key', { config: { llmProvider: 'openai', llmModel: 'x' } }, 'needs OPENAI_API_KEY'],
    ['a setting the chart writes', { config: { dbHost: 'x' } }, 'config.dbHost is written by the chart'],
    ['too many connections', { replicaCount: 40 }, 'max_connections'],
    ['discovery in the own namespace', { discovery: { enabled: true, namespace: 'aishell' } }, 'must not be the release'],
    ['a hook before its database', { migrations: { mode: 'hook' } }, 'set migrations.mode=startup or job'],
    ['an image of another major version', { postgresql: { image: { tag: '17.6-bookworm' } } }, 'postgresql.major says 18'],
  ] as const)('are refused with a sentence: %s', async ([, values, sentence], context) => {
    const helm = needTool(context, 'helm')
    const { status, error } = await renderChart(helm, { values })
    expect(status).toBe(1)
    expect(error).toContain('AI-Shell cannot be rendered with these values:')
    expect(error).toContain(sentence)
  })

  test('are refused when misspelt, by name', async (context) => {
    for (const values of [{ replicas: 3 }, { config: { limitMaxRow: 5 } }, { postgresql: { auth: { user: 'x' } } }]) {
      const { status, error } = await renderChart(needTool(context, 'helm'), { values })
      expect(status).toBe(1)
      expect(error).toMatch(/additional properties|Additional property/i)
    }
  })
})
