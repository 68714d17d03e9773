import { apply, kubectl, until } from '../command.ts'
import { House } from '../house.ts'
import { startLoad } from '../load.ts'
import type { Report } from '../report.ts'
import { none } from './updates.ts'

/** Servers and stores that die, and faults that doctor must name. */
export async function failures(house: House, report: Report): Promise<void> {
  report.chapter('Failures')
  await report.check('the store restarts while questions are recorded: nothing acknowledged is lost, the chain verifies', async () => {
    const recorded = async (): Promise<number> =>
      Number(await house.sql('aishell', `SELECT count(*) FROM record_link WHERE body::text LIKE '%"answered"%'`))
    const before = await recorded()
    const load = await startLoad(house, { seconds: 40, clients: 2, paceMs: 50 })
    await kubectl('-n', house.namespace, 'delete', 'pod', 'aishell-postgresql-0', '--wait=false')
    const { sent, failed } = await load.result() // the customer database is in the same pod here, so failures are expected
    await until('the store', 120, async () => (await house.aishell('sql', '-c', 'shop', 'SELECT 1 AS one')).code === 0)
    const answers = (await recorded()) - before
    if (answers < sent - failed) throw new Error(`${sent - failed} answers were acknowledged and ${answers} are recorded`)
    const verified = await house.aishell('audit', 'verify', '--json')
    if (verified.code !== 0) throw new Error(`audit verify: ${verified.stdout} ${verified.stderr}`)
    return `${sent - failed} acknowledged of ${sent} sent, ${answers} recorded as answered; audit verify: whole`
  })
  await report.check('a killed server takes no other with it', async () => {
    const load = await startLoad(house, { seconds: 30, clients: 2, paceMs: 50 })
    const [first] = await house.servers()
    await kubectl('-n', house.namespace, 'delete', 'pod', first?.metadata.name ?? '', '--grace-period=0', '--force', '--wait=false')
    const { sent, failed } = await load.result()
    if (failed > 20) throw new Error(`${failed} of ${sent} failed`)
    await house.rolledOut()
    return `${failed} of ${sent} failed`
  })
  await doctor(house, report)
}

const faults = [
  {
    what: 'a store that is away',
    plant: ['scale', 'statefulset/aishell-postgresql', '--replicas=0'],
    mend: ['scale', 'statefulset/aishell-postgresql', '--replicas=1'],
    names: /store.*(cannot be reached|does not answer)/is,
  },
] as const

/** Each fault is planted, named by `aishell doctor` in the pod, and mended. */
async function doctor(house: House, report: Report): Promise<void> {
  await report.check('doctor finds nothing on a sound release', async () => {
    await house.rolledOut()
    const said = await house.aishell('doctor')
    if (said.code !== 0) throw new Error(said.stdout + said.stderr)
  })
  for (const { what, plant, mend, names } of faults) {
    await report.check(`doctor names ${what}`, async () => {
      const [pod] = await house.servers()
      await kubectl('-n', house.namespace, ...plant)
      try {
        await until('doctor to see it', 90, async () => {
          const said = await house.exec(pod?.metadata.name ?? '', 'aishell', 'doctor')
          return said.code !== 0 && names.test(said.stdout) ? true : said.stdout.slice(0, 300)
        })
      } finally {
        await kubectl('-n', house.namespace, ...mend)
        await kubectl('-n', house.namespace, 'rollout', 'status', 'statefulset/aishell-postgresql', '--timeout=180s')
      }
    })
  }
  await report.check('doctor names a connection whose password is wrong, and one whose host is not there', async () => {
    const input = (name: string, target: object): string =>
      JSON.stringify({ name, engine: 'postgres', target: { database: 'shop', user: 'shop_reader', sslmode: 'disable', ...target } })
    const host = `aishell-postgresql.${house.namespace}.svc.cluster.local`
    await post(house, input('wrong-password', { host, password: 'no' }))
    await post(house, input('no-host', { host: 'nowhere.example', password: 'no' }))
    const said = await house.aishell('doctor')
    for (const name of ['wrong-password', 'no-host']) {
      if (!new RegExp(`failed +connection ${name}`).test(said.stdout)) throw new Error(`${name} is not named: ${said.stdout}`)
      const removed = await house.aishell('connections', 'remove', name)
      if (removed.code !== 0) throw new Error(removed.stderr)
    }
  })
  await report.check('a release with a broken Secret says what is wrong before any pod is replaced', async () => {
    const broken = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'broken', namespace: house.namespace }, spec: brokenPod() }
    await apply(broken)
    try {
      await kubectl('-n', house.namespace, 'wait', 'pod/broken', '--for=jsonpath={.status.phase}=Failed', '--timeout=60s')
      const said = await kubectl('-n', house.namespace, 'logs', 'broken')
      if (!/SECRET_KEY is needed/.test(said)) throw new Error(said.slice(0, 400))
    } finally {
      await kubectl('-n', house.namespace, 'delete', 'pod', 'broken', '--ignore-not-found')
    }
  })
}

function brokenPod(): object {
  return {
    restartPolicy: 'Never',
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'broken',
        image: process.env['AISHELL_IMAGE'] ?? 'localhost/aishell:test',
        imagePullPolicy: 'IfNotPresent',
        args: ['serve'],
        env: [
          { name: 'DB_HOST', value: 'nowhere' },
          { name: 'DB_PASSWORD', value: 'Xk29fjqpw83mNb5T' },
        ],
        resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { cpu: '1', memory: '256Mi' } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  }
}

/** Saves a connection over the API, from inside the pod: the image has Node and no curl. */
async function post(house: House, body: string): Promise<void> {
  const program = `const r = await fetch('http://127.0.0.1:8000/api/v1/connections', { method: 'POST', headers: { authorization: 'Bearer ' + ${JSON.stringify(await house.secret('aishell-secrets', 'ADMIN_TOKEN'))}, 'content-type': 'application/json' }, body: ${JSON.stringify(body)} }); if (!r.ok) { console.error(await r.text()); process.exit(1) }`
  const said = await house.exec('deploy/aishell', 'node', '--input-type=module', '--eval', program)
  if (said.code !== 0) throw new Error(said.stderr)
}

/** Redis behind Sentinels: the primary is lost, and writes come back. */
export async function sentinels(first: House, report: Report): Promise<void> {
  report.chapter('Redis with Sentinels')
  const house = new House(`${first.namespace}-sentinels`)
  try {
    const isUp = await report.check('a release with Sentinels comes up', async () => {
      await house.prepare()
      await house.install({ replicaCount: 1, redis: { mode: 'sentinel' } })
      await house.makeShop()
    })
    if (isUp) await failOver(house, report)
  } finally {
    await house.remove()
  }
}

async function failOver(house: House, report: Report): Promise<void> {
  await report.check('the primary dies; writes resume in less than 30 s and questions go on', async () => {
    const password = await house.secret('aishell-redis', 'REDIS_PASSWORD')
    const cli = (pod: string, ...args: readonly string[]) => house.exec(pod, 'env', `REDISCLI_AUTH=${password}`, 'redis-cli', ...args)
    const primary = async (): Promise<string> =>
      (await cli('aishell-redis-sentinel-0', '-p', '26379', 'sentinel', 'get-master-addr-by-name', 'aishell')).stdout
        .split('\n')[0]
        ?.trim() ?? ''
    const first = await primary()
    const pod = /(aishell-redis-\d+)/.exec(first)?.[1] ?? (await podOf(house, first))
    const load = await startLoad(house, { seconds: 40, clients: 2, paceMs: 50 })
    // Nobody makes the pod anew: it would be back before the Sentinels miss it.
    await kubectl('-n', house.namespace, 'delete', 'statefulset', 'aishell-redis', '--cascade=orphan')
    const startedMs = Date.now()
    await kubectl('-n', house.namespace, 'delete', 'pod', pod, '--grace-period=0', '--force', '--wait=false')
    await until('another primary that takes writes', 90, async () => {
      const now = await primary()
      if (now === '' || now === first) return `the primary is still ${now}`
      const said = await cli('aishell-redis-sentinel-0', '-h', now, '-p', '6379', 'set', 'test', 'x', 'EX', '5')
      return said.stdout.trim() === 'OK' ? true : said.stdout + said.stderr
    })
    const seconds = (Date.now() - startedMs) / 1000
    const result = none(await load.result())
    if (seconds >= 30) throw new Error(`writes resumed after ${seconds.toFixed(1)} s`)
    await house.install({ replicaCount: 1, redis: { mode: 'sentinel' } }) // the lost pod comes back, as a replica
    if ((await cli(pod, 'role')).stdout.split('\n')[0] !== 'slave') throw new Error('the lost pod came back as a primary')
    return `writes resumed after ${seconds.toFixed(1)} s; ${result}`
  })
}

async function podOf(house: House, ip: string): Promise<string> {
  const pods = await house.pods('app.kubernetes.io/name=redis')
  const pod = pods.find(({ status }) => status.podIP === ip)
  if (pod === undefined) throw new Error(`no pod has the primary's address ${ip}`)
  return pod.metadata.name
}
