import { describe, expect, test } from 'vitest'
import { manifestsOf, needTool, only, renderChart, valuesFile } from '../support/chart.ts'
import { chartRules, mountedSecrets, secretSources } from '../support/chart-rules.ts'

/** Values that between them render every template. */
const renderings: Readonly<Record<string, { readonly files?: readonly string[]; readonly values?: unknown }>> = {
  'no values at all': {},
  'values-staging.yaml': { files: [valuesFile('values-staging.yaml')] },
  'values-prod.yaml': { files: [valuesFile('values-prod.yaml')] },
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
