import { until } from '../command.ts'
import type { House } from '../house.ts'
import { Reach, type Caller } from '../reach.ts'
import { NotHere, type Report } from '../report.ts'

interface Row {
  readonly from: Caller
  readonly to: string
  readonly port: number
  /** What the policies say. */
  readonly may: boolean
  readonly why: string
}

const row = (from: Caller, to: string, port: number, may: boolean, why: string): Row => ({ from, to, port, may, why })

/** With no values: anybody may ask, the stores admit their clients, and the server calls anywhere but blocked addresses. */
const asInstalled: readonly Row[] = [
  row('guest', 'aishell', 80, true, 'anybody may ask'),
  row('guest', 'aishell-metrics', 9090, true, 'anybody may scrape'),
  row('guest', 'aishell-postgresql', 5432, false, 'the store admits its clients only'),
  row('guest', 'aishell-redis', 6379, false, 'so does Redis'),
  row('neighbour', 'aishell-postgresql', 5432, false, 'the same namespace is no ticket'),
  row('neighbour', 'aishell-redis', 6379, false, 'the same namespace is no ticket'),
  row('server', 'aishell-postgresql', 5432, true, 'the server needs its store'),
  row('server', 'aishell-redis', 6379, true, 'and its Redis'),
  row('server', 'guest', 8080, true, 'databases may be anywhere'),
  row('neighbour', 'warehouse', 8080, true, 'the blocked address listens'),
  row('server', 'warehouse', 8080, false, 'its address is blocked'),
  row('database', 'aishell', 80, false, 'the store calls nobody'),
  row('database', 'guest', 8080, false, 'the store calls nobody'),
  row('database', 'aishell-redis', 6379, false, 'the store calls nobody'),
  row('redis', 'aishell-postgresql', 5432, false, 'Redis calls nobody'),
  row('redis', 'guest', 8080, false, 'Redis calls nobody'),
]

/** As in production: who may ask, who may scrape and what is called are listed. */
const listed: readonly Row[] = [
  row('gateway', 'aishell', 80, true, 'it is listed'),
  row('gateway', 'aishell-metrics', 9090, false, 'metrics are on no public way'),
  row('scraper', 'aishell-metrics', 9090, true, 'it is listed'),
  row('scraper', 'aishell', 80, false, 'who scrapes does not ask'),
  row('guest', 'aishell', 80, false, 'it is not listed'),
  row('guest', 'aishell-metrics', 9090, false, 'it is not listed'),
  row('neighbour', 'aishell', 80, false, 'the same namespace is no ticket'),
  row('server', 'warehouse', 8080, true, 'it is listed'),
  row('server', 'guest', 8080, false, 'it is not listed'),
  row('server', 'aishell-postgresql', 5432, true, 'the release’s own need no list'),
  row('server', 'aishell-redis', 6379, true, 'the release’s own need no list'),
]

/** The policy matrix, both ways. Where the cluster enforces no policies it says so, and nothing counts as passed. */
export async function network(house: House, report: Report): Promise<void> {
  report.chapter('Network policies')
  const reach = new Reach(house)
  try {
    await reach.prepare()
    const isEnforced = await enforces(reach, report)
    await house.install({ networkPolicy: { egress: { blocked: ['169.254.0.0/16', `${reach.address('warehouse')}/32`] } } })
    await matrix(reach, report, asInstalled, isEnforced, 'as installed')
    await house.install({ networkPolicy: listedValues(reach.namespace) })
    await matrix(reach, report, listed, isEnforced, 'with everything listed')
    await report.check('helm test passes with everything listed', async () => {
      await house.helm('test', house.release, '--timeout', '3m')
    })
    await house.install()
  } finally {
    await reach.remove()
  }
}

/** Whether policies do anything here at all. */
export async function enforces(reach: Reach, report: Report): Promise<boolean> {
  return await report.check('the cluster enforces network policies', async () => {
    await until('the guest to listen', 30, () => reach.reaches('neighbour', 'guest', 8080))
    const closes = async (): Promise<boolean> => !(await reach.reaches('guest', 'closed', 8080))
    await until('a closed pod', 20, closes).catch(() => {
      throw new NotHere('a policy that admits nobody was accepted and let a connection through: no agent enforces policies here')
    })
  })
}

async function matrix(reach: Reach, report: Report, rows: readonly Row[], isEnforced: boolean, setting: string): Promise<void> {
  for (const { from, to, port, may, why } of rows)
    await report.check(`${setting}: ${from} ${may ? 'reaches' : 'does not reach'} ${to}:${port} (${why})`, async () => {
      if (!may && !isEnforced) throw new NotHere('policies are not enforced on this cluster')
      // Agents need a moment for a change of a policy.
      await until(may ? 'a way' : 'the way to close', 30, async () => (await reach.reaches(from, to, port)) === may)
    })
}

function listedValues(namespace: string): object {
  const only = (app: string): object => ({
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    podSelector: { matchLabels: { app } },
  })
  return {
    ingress: { from: [only('gateway')], metricsFrom: [only('scraper')] },
    egress: { open: false, databases: [{ to: [only('warehouse')], ports: [8080] }] },
  }
}
