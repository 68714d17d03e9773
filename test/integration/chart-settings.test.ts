import { describe, expect, test } from 'vitest'
import {
  configKey,
  configSettings,
  ownedSettings,
  ownSecrets,
  providerSecrets,
  serverSettings,
} from '../../scripts/chart/chart-settings.ts'
import { readSettings } from '../../src/platform/config/index.ts'
import { manifestsOf, needTool, only, type Manifest, type Tree } from '../support/chart.ts'

const known: ReadonlySet<string> = new Set(serverSettings.map((one) => one.name))

/** Values that make the chart write everything it can write. */
const everything = {
  postgresql: { tls: { enabled: true } },
  redis: { mode: 'sentinel' },
  discovery: { enabled: true, namespace: 'connections' },
  secrets: { providers: { source: 'existingSecret', name: 'given', keys: providerSecrets } },
}

function environmentOf(manifests: readonly Manifest[]): Readonly<Record<string, string>> {
  const own: readonly Tree[] = only(manifests, 'Deployment').spec.template.spec.containers[0].env
  return {
    ...only(manifests, 'ConfigMap', 'aishell-config').data,
    ...Object.fromEntries(own.map(({ name, value }: Tree) => [name, value])),
  }
}

describe('settings and the chart', () => {
  test('every setting of AI-Shell is reached through exactly one kind of value', () => {
    const ways = [configSettings.map((one) => one.name), Object.keys(ownedSettings), ownSecrets, providerSecrets].flat()
    expect(new Set(ways)).toEqual(known)
    expect(ways).toHaveLength(known.size)
  })

  test.for([
    {},
    everything,
    { redis: { mode: 'external', external: { host: 'r' }, auth: { secret: { source: 'existingSecret', name: 'r' } } } },
  ])('every key that the chart sets is a setting of AI-Shell (%#)', async (values, context) => {
    const names = Object.keys(environmentOf(await manifestsOf(needTool(context, 'helm'), { values })))
    const foreign = names.filter((name) => !known.has(name) && !known.has(name.replace(/_FILE$/, '')))
    expect(foreign.filter((name) => name !== 'NODE_EXTRA_CA_CERTS')).toEqual([])
  })

  test('every setting arrives as its value was written, also great numbers and lists', async (context) => {
    const values = { config: Object.fromEntries(configSettings.map((one) => [configKey(one.name), sampleOf(one.accepts)])) }
    const fitting = { ...values.config, drainGraceMs: 1000, dbPoolMax: 5, logLevel: 'warn', llmProvider: 'builtin', appEnv: 'production' }
    const manifests = await manifestsOf(needTool(context, 'helm'), { values: { config: fitting } })
    const environment = environmentOf(manifests)
    for (const one of configSettings) {
      const value: unknown = fitting[configKey(one.name) as keyof typeof fitting]
      expect({ [one.name]: environment[one.name] }).toEqual({ [one.name]: Array.isArray(value) ? value.join(',') : String(value) })
    }
  })

  test('AI-Shell starts from what the chart writes', async (context) => {
    const environment = environmentOf(await manifestsOf(needTool(context, 'helm')))
    const inPod = Object.entries(environment).map(([name, value]) => [
      name.replace(/_FILE$/, ''),
      name.endsWith('_FILE') ? secretFor(name) : value,
    ])
    const { app, store, server } = readSettings({ env: Object.fromEntries(inPod), version: '0' })
    expect(app).toMatchObject({ env: 'production', dataDir: '/app/data', configDir: '/app/config' })
    expect(store).toMatchObject({ host: 'aishell-postgresql.aishell.svc.cluster.local', user: 'aishell' })
    expect(server).toMatchObject({ host: '0.0.0.0', port: 8000, metricsPort: 9090 })
  })
})

function secretFor(name: string): string {
  return `${name.startsWith('ADMIN') ? 'ais_' : ''}${Buffer.from(`${name} 0123456789 abcdefghijklmnopqrstuvwxyz`).toString('hex')}`
}

function sampleOf(accepts: string): unknown {
  if (accepts === '`true`, `false`') return true
  const range = /^whole number, (\d+) to (\d+)/.exec(accepts)
  if (range !== null) return Math.min(Number(range[2]), 17_179_869_184)
  if (accepts.startsWith('comma-separated')) return ['a', 'b']
  const choice = /`([^`]+)`/.exec(accepts)?.[1]
  return choice ?? (accepts.startsWith('http') ? 'https://a.example.com' : 'a text')
}
