import { kubectl, kubectlJson, run, until } from '../command.ts'
import type { House } from '../house.ts'
import { startLoad, type LoadResult } from '../load.ts'
import { NotHere, type Report } from '../report.ts'
import { hasMetrics, nodes } from './access.ts'

/** Updates, rollback, scaling and draining, each while questions are asked. */
export async function updates(house: House, report: Report): Promise<void> {
  report.chapter('Updates under load')
  await report.check('a rolling update fails no request', async () => {
    const load = await startLoad(house, { seconds: 50, clients: 4, paceMs: 40 })
    await house.install({ podAnnotations: { round: '1' } })
    return none(await load.result())
  })
  await report.check('helm rollback fails no request and brings the old revision back', async () => {
    const load = await startLoad(house, { seconds: 50, clients: 4, paceMs: 40 })
    await house.helm('rollback', house.release, '--wait', '--timeout', '5m')
    await house.rolledOut()
    const round = await kubectl(
      '-n',
      house.namespace,
      'get',
      'deployment',
      'aishell',
      '-o',
      'jsonpath={.spec.template.metadata.annotations.round}',
    )
    if (round !== '') throw new Error(`the pods are still of round ${round}`)
    return none(await load.result())
  })
  await report.check('the autoscaler adds pods under load, and an upgrade keeps their count', async () => {
    if (!(await hasMetrics())) throw new NotHere('this cluster serves no metrics.k8s.io')
    await house.install({
      autoscaling: { enabled: true, minReplicas: 2, maxReplicas: 3, targetCPUUtilizationPercentage: 50 },
      resources: { requests: { cpu: '10m', memory: '128Mi' } },
    })
    const load = await startLoad(house, { seconds: 120, clients: 6, paceMs: 10 })
    await until('a third pod', 110, async () => (await house.servers()).length >= 3)
    const result = await load.result()
    await house.install({
      autoscaling: { enabled: true, minReplicas: 2, maxReplicas: 3, targetCPUUtilizationPercentage: 50 },
      resources: { requests: { cpu: '10m', memory: '128Mi' } },
      podAnnotations: { round: '2' },
    })
    if ((await house.servers()).length < 3) throw new Error('the upgrade threw the count away')
    return none(result)
  })
  await report.check('evictions stop at the disruption budget, and a drained pod fails no request', async () => {
    await house.install()
    await until('two servers', 120, async () => (await house.servers()).length === 2)
    const [first, second] = await house.servers()
    const load = await startLoad(house, { seconds: 45, clients: 4, paceMs: 40 })
    await evict(house, first?.metadata.name ?? '', true)
    await evict(house, second?.metadata.name ?? '', false)
    await house.rolledOut()
    const count = (await nodes()).length
    return `${none(await load.result())}; by evictions, as a drain does (${count} node(s))`
  })
}

/** 0 failed, or an Error with the first failures. */
export function none({ sent, failed, slowestMs, faults }: LoadResult): string {
  if (failed > 0) throw new Error(`${failed} of ${sent} requests failed: ${faults.join(' / ')}`)
  if (sent < 50) throw new Error(`only ${sent} requests were sent`)
  return `0 of ${sent} failed, slowest ${slowestMs} ms`
}

async function evict(house: House, name: string, isAllowed: boolean): Promise<void> {
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: house.namespace } }
  const path = `/api/v1/namespaces/${house.namespace}/pods/${name}/eviction`
  const said = await run('kubectl', ['create', '--raw', path, '-f', '-'], JSON.stringify(body))
  if ((said.code === 0) !== isAllowed) {
    const budget = await kubectlJson<{ readonly status: object }>('-n', house.namespace, 'get', 'pdb', 'aishell')
    throw new Error(`the eviction of ${name} was ${isAllowed ? 'refused' : 'allowed'}: ${said.stderr} ${JSON.stringify(budget.status)}`)
  }
}
