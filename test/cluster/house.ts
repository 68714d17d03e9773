import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { apply, kubectl, kubectlJson, must, run, until, type Ran } from './command.ts'

/** Every image can be another: no registry is needed where the nodes have them. */
export const images = {
  aishell: process.env['AISHELL_IMAGE'] ?? 'localhost/aishell:test',
  postgres: process.env['POSTGRES_IMAGE'] ?? 'localhost/postgres:test',
  postgresMajor: process.env['POSTGRES_MAJOR'] ?? '15',
  redis: process.env['REDIS_IMAGE'] ?? 'localhost/redis:test',
  client: process.env['CLIENT_IMAGE'] ?? 'localhost/client:test',
}
/** Of the shop's reader: a throwaway of this suite, made so that the two tenants' shops can be told apart by their hosts alone. */
export const readerPassword = 'Xk29fjqpw83mNb5T'
const helmProgram = process.env['HELM'] ?? 'helm'
const chart = fileURLToPath(new URL('../../deploy/aishell-chart', import.meta.url))

export interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly deletionTimestamp?: string }
    readonly status: { readonly podIP?: string; readonly phase: string }
    readonly spec: { readonly nodeName?: string }
  }[]
}

/** One release in one restricted namespace. */
export class House {
  readonly namespace: string
  readonly release = 'aishell'

  constructor(namespace: string) {
    this.namespace = namespace
  }

  /** The values of a small release: what a laptop can carry. */
  get values(): Record<string, unknown> {
    return {
      image: imageValues(images.aishell),
      replicaCount: 2,
      preStopSleepSeconds: 5,
      terminationGracePeriodSeconds: 60,
      config: { drainGraceMs: 20000 },
      resources: { requests: { cpu: '20m', memory: '128Mi' } },
      postgresql: {
        image: imageValues(images.postgres),
        major: Number(images.postgresMajor),
        primary: { resources: { requests: { cpu: '20m', memory: '128Mi' } } },
      },
      redis: { image: imageValues(images.redis), master: { resources: { requests: { cpu: '10m', memory: '32Mi' } } } },
      declare: {
        connections: [
          {
            name: 'shop',
            engine: 'postgres',
            target: {
              host: `aishell-postgresql.${this.namespace}.svc.cluster.local`,
              database: 'shop',
              user: 'shop_reader',
              passwordFile: '/app/connections/shop-reader/password',
              sslmode: 'disable',
            },
          },
        ],
        passwordSecrets: ['shop-reader'],
      },
    }
  }

  async prepare(): Promise<void> {
    const labels = Object.fromEntries(['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted']))
    await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.namespace, labels } })
    await apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'shop-reader', namespace: this.namespace },
      stringData: { password: readerPassword },
    })
  }

  helm(...args: readonly string[]): Promise<string> {
    return must(helmProgram, [...args, '--namespace', this.namespace])
  }

  tryHelm(...args: readonly string[]): Promise<Ran> {
    return run(helmProgram, [...args, '--namespace', this.namespace])
  }

  /** `helm upgrade --install` with the values above and more over them, merged as Helm merges. */
  async install(more: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const values = JSON.stringify(merged(this.values, more))
    const args = ['upgrade', '--install', this.release, chart, '--namespace', this.namespace, '--values', '-', '--wait', '--timeout', '8m']
    return await must(helmProgram, args, values)
  }

  async pods(selector: string): Promise<PodList['items']> {
    const { items } = await kubectlJson<PodList>('-n', this.namespace, 'get', 'pods', '-l', selector)
    return items.filter((pod) => pod.metadata.deletionTimestamp === undefined)
  }

  servers(): Promise<PodList['items']> {
    return this.pods(`app.kubernetes.io/instance=${this.release},app.kubernetes.io/component=server`)
  }

  exec(pod: string, ...command: readonly string[]): Promise<Ran> {
    return run('kubectl', ['-n', this.namespace, 'exec', pod, '--', ...command])
  }

  /** The command line inside a server's pod, signed in as the first admin. */
  aishell(...args: readonly string[]): Promise<Ran> {
    return this.exec('deploy/aishell', 'aishell', ...args)
  }

  async sql(database: string, statement: string): Promise<string> {
    const password = await this.secret('aishell-postgresql-admin', 'POSTGRES_PASSWORD')
    const pod = 'aishell-postgresql-0'
    const psql = ['psql', '-h', '127.0.0.1', '-U', 'postgres', '-d', database, '-v', 'ON_ERROR_STOP=1', '-tA']
    return await must('kubectl', ['-n', this.namespace, 'exec', '-i', pod, '--', 'env', `PGPASSWORD=${password}`, ...psql], statement)
  }

  async secret(name: string, key: string): Promise<string> {
    const { data } = await kubectlJson<{ readonly data: Readonly<Record<string, string>> }>('-n', this.namespace, 'get', 'secret', name)
    return Buffer.from(data[key] ?? '', 'base64').toString('utf8')
  }

  /** A small shop in the release's own PostgreSQL, with a reader: what is asked under load. */
  async makeShop(): Promise<void> {
    const there = await this.sql('postgres', `SELECT 1 FROM pg_database WHERE datname = 'shop'`)
    if (there.trim() !== '') return
    await this.sql('postgres', `CREATE ROLE shop_reader LOGIN PASSWORD '${readerPassword}'`)
    await this.sql('postgres', 'CREATE DATABASE shop')
    const items =
      'CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item SELECT g, $$item $$ || g FROM generate_series(1, 1000) g'
    await this.sql('shop', `${items}; GRANT SELECT ON item TO shop_reader;`)
  }

  async rolledOut(): Promise<void> {
    await kubectl('-n', this.namespace, 'rollout', 'status', 'deployment/aishell', '--timeout=300s')
  }

  async remove(): Promise<void> {
    await run(helmProgram, ['uninstall', this.release, '--namespace', this.namespace, '--wait', '--timeout', '3m'])
    await run('kubectl', ['delete', 'namespace', this.namespace, '--wait', '--timeout=180s', '--ignore-not-found'])
    await until('the namespace to go', 60, async () => (await run('kubectl', ['get', 'namespace', this.namespace])).code !== 0)
    await sleep(500)
  }
}

/** registry/repository:tag as the chart's values take it apart. */
function imageValues(image: string): Record<string, string> {
  const [, registry = '', repository = '', tag = ''] = /^(?:([^/]*[.:][^/]*|localhost)\/)?(.+?)(?::([\w.-]+))?$/.exec(image) ?? []
  return { registry, repository, tag, pullPolicy: 'IfNotPresent' }
}

function merged(base: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(more)) result[key] = isMap(value) && isMap(base[key]) ? merged(base[key], value) : value
  return result
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
