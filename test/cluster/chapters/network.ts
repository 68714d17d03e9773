import { apply, kubectl, run, until } from '../command.ts'
import { images, type House } from '../house.ts'
import { podOf } from '../load.ts'
import { NotHere, type Report } from '../report.ts'

/** Who tries to reach whom; `may` is what the policies say. */
const matrix = [
  { from: 'guest', to: 'aishell:80', may: true, why: 'anybody may ask' },
  { from: 'guest', to: 'aishell-postgresql:5432', may: false, why: 'the store admits its clients only' },
  { from: 'guest', to: 'aishell-redis:6379', may: false, why: 'so does Redis' },
  { from: 'neighbour', to: 'aishell-postgresql:5432', may: false, why: 'the same namespace is no ticket' },
  { from: 'neighbour', to: 'aishell-redis:6379', may: false, why: 'the same namespace is no ticket' },
  { from: 'server', to: 'aishell-postgresql:5432', may: true, why: 'the server needs its store' },
  { from: 'server', to: 'aishell-redis:6379', may: true, why: 'and its Redis' },
  { from: 'database', to: 'aishell:80', may: false, why: 'the store calls nobody' },
  { from: 'database', to: 'guest:8080', may: false, why: 'the store calls nobody' },
] as const

/** The policy matrix, both ways. Where the cluster enforces no policies it says so, and nothing counts as passed. */
export async function network(house: House, report: Report): Promise<void> {
  report.chapter('Network policies')
  const outside = `${house.namespace}-guests`
  const sh = ['/bin/busybox', 'sh', '-c', 'while :; do echo hello | /bin/busybox nc -l -p 8080; done']
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: outside } })
  await apply(podOf(outside, 'guest', images.client, sh))
  await apply(podOf(house.namespace, 'neighbour', images.client, sh))
  await apply(podOf(outside, 'closed', images.client, sh, {}, { app: 'closed' }))
  const denyAll = { podSelector: { matchLabels: { app: 'closed' } }, policyTypes: ['Ingress'] }
  await apply({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'closed', namespace: outside },
    spec: denyAll,
  })
  for (const [namespace, pod] of [
    [outside, 'guest'],
    [outside, 'closed'],
    [house.namespace, 'neighbour'],
  ] as const)
    await kubectl('-n', namespace, 'wait', '--for=condition=Ready', `pod/${pod}`, '--timeout=60s')
  const guestAddress = await addressOf(outside, 'guest')
  const closedAddress = await addressOf(outside, 'closed')
  const reaches = async (from: (typeof matrix)[number]['from'], host: string, port: string): Promise<boolean> => {
    const nc = ['/bin/busybox', 'nc', '-w', '3', host, port, '-e', '/bin/true']
    if (from === 'guest') return (await run('kubectl', ['-n', outside, 'exec', 'guest', '--', ...nc])).code === 0
    if (from === 'neighbour') return (await house.exec('neighbour', ...nc)).code === 0
    if (from === 'database')
      return (await house.exec('aishell-postgresql-0', 'bash', '-c', `timeout 3 bash -c '</dev/tcp/${host}/${port}'`)).code === 0
    const program = `const s = require('net').connect(${port}, '${host}', () => process.exit(0)); s.on('error', () => process.exit(1)); setTimeout(() => process.exit(1), 3000)`
    return (await house.exec('deploy/aishell', 'node', '-e', program)).code === 0
  }
  const isEnforced = await report.check('the cluster enforces network policies', async () => {
    await until('the guest to listen', 20, async () => reaches('neighbour', guestAddress, '8080'))
    if (await reaches('guest', closedAddress, '8080'))
      throw new NotHere('a policy that admits nobody was accepted and let a connection through: no agent enforces policies here')
  })
  for (const { from, to, may, why } of matrix) {
    await report.check(`${from} ${may ? 'reaches' : 'does not reach'} ${to} (${why})`, async () => {
      const [name = '', port = ''] = to.split(':')
      const host = name === 'guest' ? guestAddress : `${name}.${house.namespace}.svc.cluster.local`
      const does = await reaches(from, host, port)
      if (does && !may && !isEnforced) throw new NotHere('policies are not enforced on this cluster')
      if (does !== may) throw new Error(does ? 'it does' : 'it does not')
      if (!may && !isEnforced) throw new NotHere('nothing was reached, but policies are not enforced on this cluster')
    })
  }
  await run('kubectl', ['-n', house.namespace, 'delete', 'pod', 'neighbour', '--wait=false'])
  await run('kubectl', ['delete', 'namespace', outside, '--wait=false'])
}

async function addressOf(namespace: string, pod: string): Promise<string> {
  return (await kubectl('-n', namespace, 'get', 'pod', pod, '-o', 'jsonpath={.status.podIP}')).trim()
}
