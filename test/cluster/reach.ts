import { apply, kubectl, run } from './command.ts'
import { images, type House } from './house.ts'
import { podOf } from './load.ts'

/** Pods that try to reach one another: strangers in a namespace of their own, and those of the release. */
export const strangers = ['guest', 'gateway', 'scraper', 'warehouse', 'closed'] as const
export type Stranger = (typeof strangers)[number]
export type Caller = Exclude<Stranger, 'closed'> | 'neighbour' | 'server' | 'database' | 'redis'

export class Reach {
  readonly #house: House
  readonly namespace: string
  readonly #addresses = new Map<string, string>()

  constructor(house: House) {
    this.#house = house
    this.namespace = `${house.namespace}-guests`
  }

  /** Starts the strangers, and one pod in the release's own namespace that is not of the release; each listens on 8080. */
  async prepare(): Promise<void> {
    const listen = ['/bin/busybox', 'sh', '-c', 'while :; do echo hello | /bin/busybox nc -l -p 8080; done']
    await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.namespace } })
    for (const name of strangers) await apply(podOf(this.namespace, name, images.client, listen, {}, { app: name }))
    await apply(podOf(this.#house.namespace, 'neighbour', images.client, listen))
    await apply({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'closed', namespace: this.namespace },
      spec: { podSelector: { matchLabels: { app: 'closed' } }, policyTypes: ['Ingress'] },
    })
    for (const name of strangers) await this.#isUp(this.namespace, name)
    await this.#isUp(this.#house.namespace, 'neighbour')
  }

  async #isUp(namespace: string, pod: string): Promise<void> {
    await kubectl('-n', namespace, 'wait', '--for=condition=Ready', `pod/${pod}`, '--timeout=120s')
    this.#addresses.set(pod, (await kubectl('-n', namespace, 'get', 'pod', pod, '-o', 'jsonpath={.status.podIP}')).trim())
  }

  /** Of a stranger. */
  address(name: Stranger): string {
    return this.#addresses.get(name) ?? ''
  }

  /** Whether a TCP connection opens within a few seconds. `to` is a stranger, or a Service of the release or of another namespace. */
  async reaches(from: Caller, to: string, port: number, namespace = this.#house.namespace): Promise<boolean> {
    const host = this.#addresses.get(to) ?? (await this.#service(from, to, namespace))
    return (await this.#exec(from, host, port)).code === 0
  }

  /** Its name; for those who may not even ask for names its address, lest a name that is not found be taken for a closed way. */
  async #service(from: Caller, name: string, namespace: string): Promise<string> {
    if (from !== 'database' && from !== 'redis') return `${name}.${namespace}.svc.cluster.local`
    return (await kubectl('-n', namespace, 'get', 'service', name, '-o', 'jsonpath={.spec.clusterIP}')).trim()
  }

  async #exec(from: Caller, host: string, port: number): Promise<{ readonly code: number }> {
    const bash = ['timeout', '4', 'bash', '-c', `</dev/tcp/${host}/${port}`]
    if (from === 'database') return await this.#house.exec('aishell-postgresql-0', ...bash)
    if (from === 'redis') return await this.#house.exec('aishell-redis-0', ...bash)
    if (from === 'server') {
      const program = `const s = require('net').connect(${port}, '${host}', () => process.exit(0)); s.on('error', () => process.exit(1)); setTimeout(() => process.exit(1), 4000)`
      return await this.#house.exec('deploy/aishell', 'node', '-e', program)
    }
    const nc = ['/bin/busybox', 'nc', '-w', '4', host, String(port), '-e', '/bin/true']
    if (from === 'neighbour') return await this.#house.exec('neighbour', ...nc)
    return await run('kubectl', ['-n', this.namespace, 'exec', from, '--', ...nc])
  }

  async remove(): Promise<void> {
    await run('kubectl', ['-n', this.#house.namespace, 'delete', 'pod', 'neighbour', '--wait=false', '--ignore-not-found'])
    await run('kubectl', ['delete', 'namespace', this.namespace, '--wait=false', '--ignore-not-found'])
  }
}
