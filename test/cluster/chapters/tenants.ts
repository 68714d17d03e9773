import { until } from '../command.ts'
import { House } from '../house.ts'
import { Reach } from '../reach.ts'
import { NotHere, type Report } from '../report.ts'
import { enforces } from './network.ts'

/** Two releases, each a tenant of its own in a namespace of its own. */
export async function tenants(first: House, report: Report): Promise<void> {
  report.chapter('Two tenants')
  const second = new House(`${first.namespace}-b`)
  try {
    await report.check('a second release comes up beside the first', async () => {
      await second.prepare()
      await second.install({ replicaCount: 1 })
      await second.makeShop()
    })
    await report.check('keys, passwords and tokens are their own', async () => {
      for (const [name, key] of [
        ['aishell-secrets', 'SECRET_KEY'],
        ['aishell-secrets', 'ADMIN_TOKEN'],
        ['aishell-postgresql-owner', 'DB_PASSWORD'],
        ['aishell-redis', 'REDIS_PASSWORD'],
      ] as const)
        if ((await first.secret(name, key)) === (await second.secret(name, key))) throw new Error(`${key} is the same`)
    })
    await report.check('the token of one is refused by the other', async () => {
      const token = await first.secret('aishell-secrets', 'ADMIN_TOKEN')
      const status = await second.exec(
        'deploy/aishell',
        'node',
        '--input-type=module',
        '--eval',
        `const r = await fetch('http://127.0.0.1:8000/api/v1/connections', { headers: { authorization: 'Bearer ${token}' } }); console.log(r.status)`,
      )
      if (status.stdout.trim() !== '401') throw new Error(status.stdout + status.stderr)
    })
    await walls(first, second, report)
  } finally {
    await second.remove()
  }
}

/** Neither reaches the other's pods, and each reaches its own. */
async function walls(first: House, second: House, report: Report): Promise<void> {
  const reach = new Reach(first)
  try {
    await reach.prepare()
    const isEnforced = await enforces(reach, report)
    const onlyOwn = { ingress: { from: [{ podSelector: { matchLabels: { app: 'gateway' } } }] }, egress: { open: false } }
    await first.install({ networkPolicy: onlyOwn })
    await second.install({ replicaCount: 1, networkPolicy: onlyOwn })
    for (const [name, port] of [
      ['aishell', 80],
      ['aishell-postgresql', 5432],
      ['aishell-redis', 6379],
    ] as const) {
      await report.check(`one tenant's server reaches its own ${name}, and the other tenant's not`, async () => {
        if (name !== 'aishell' && !(await reach.reaches('server', name, port))) throw new Error('it does not reach its own')
        if (!isEnforced) throw new NotHere('policies are not enforced on this cluster')
        await until('the way to close', 30, async () => !(await reach.reaches('server', name, port, second.namespace)))
      })
    }
    await first.install()
  } finally {
    await reach.remove()
  }
}
