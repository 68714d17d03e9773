import { apply, kubectl, kubectlJson, run, until } from './command.ts'
import { images, type House } from './house.ts'

export interface LoadResult {
  readonly sent: number
  readonly failed: number
  readonly slowestMs: number
  /** The first failures, as the client saw them. */
  readonly faults: readonly string[]
}

/** Runs in a pod on the release's own image: a pace of questions from a few clients, each on a connection of its own that stays. */
const program = `
const { URL_TO_ASK, TOKEN, SECONDS, CLIENTS, PACE_MS } = process.env
const result = { sent: 0, failed: 0, slowestMs: 0, faults: [] }
const ask = async () => {
  const startedMs = performance.now()
  result.sent += 1
  try {
    const response = await fetch(URL_TO_ASK + '/api/v1/questions', {
      method: 'POST',
      headers: { authorization: 'Bearer ' + TOKEN, 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ connection: 'shop', sql: 'SELECT name FROM item WHERE id = ' + (1 + (result.sent % 1000)) }),
      signal: AbortSignal.timeout(30000),
    })
    const body = await response.json()
    if (response.status !== 200 || body.outcome !== 'answered' || body.data.length !== 1) throw new Error(response.status + ' ' + JSON.stringify(body).slice(0, 200))
  } catch (error) {
    result.failed += 1
    if (result.faults.length < 5) result.faults.push(new Date().toISOString() + ' ' + error.message + ' ' + (error.cause?.message ?? ''))
  }
  result.slowestMs = Math.max(result.slowestMs, Math.round(performance.now() - startedMs))
}
// A network that enforces policies may know this pod a moment late: what counts begins with the first answer.
for (const until = Date.now() + 30000; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, 200)))
  if (await fetch(URL_TO_ASK + '/health').then((response) => response.ok, () => false)) break
const end = Date.now() + Number(SECONDS) * 1000
const client = async () => {
  while (Date.now() < end) {
    await ask()
    await new Promise((resolve) => setTimeout(resolve, Number(PACE_MS)))
  }
}
await Promise.all(Array.from({ length: Number(CLIENTS) }, client))
console.log('RESULT ' + JSON.stringify(result))
`

export interface LoadOptions {
  readonly seconds: number
  readonly clients: number
  readonly paceMs: number
}

/** Starts the clients in a namespace of their own; `result` waits for their end. Bounded in time and count. */
export async function startLoad(house: House, options: LoadOptions): Promise<{ readonly result: () => Promise<LoadResult> }> {
  const namespace = `${house.namespace}-clients`
  const name = `load-${Date.now().toString(36)}`
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } })
  const token = await house.secret('aishell-secrets', 'ADMIN_TOKEN')
  const address = `http://aishell.${house.namespace}.svc.cluster.local`
  const env = { URL_TO_ASK: address, TOKEN: token, SECONDS: options.seconds, CLIENTS: options.clients, PACE_MS: options.paceMs }
  await apply(podOf(namespace, name, images.aishell, ['/usr/local/bin/node', '--input-type=module', '--eval', program], env))
  await until('the clients to start', 60, async () => (await phaseOf(namespace, name)) !== 'Pending')
  return {
    result: async () => {
      await until('the clients to end', options.seconds + 120, async () => ['Succeeded', 'Failed'].includes(await phaseOf(namespace, name)))
      const line = (await kubectl('-n', namespace, 'logs', name)).split('\n').find((one) => one.startsWith('RESULT '))
      await run('kubectl', ['-n', namespace, 'delete', 'pod', name, '--wait=false'])
      if (line === undefined) throw new Error('The clients ended without a result.')
      return JSON.parse(line.slice('RESULT '.length)) as LoadResult // printed by the program above
    },
  }
}

async function phaseOf(namespace: string, name: string): Promise<string> {
  const { status } = await kubectlJson<{ readonly status: { readonly phase: string } }>('-n', namespace, 'get', 'pod', name)
  return status.phase
}

/** A pod that `restricted` lets in. */
export function podOf(
  namespace: string,
  name: string,
  image: string,
  command: readonly string[],
  env: Readonly<Record<string, string | number>> = {},
  labels: Readonly<Record<string, string>> = {},
): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'main',
          image,
          imagePullPolicy: 'IfNotPresent',
          command,
          env: Object.entries(env).map(([key, value]) => ({ name: key, value: String(value) })),
          resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { cpu: '1', memory: '256Mi' } },
          securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  }
}
