import { House } from '../house.ts'
import type { Report } from '../report.ts'

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
  } finally {
    await second.remove()
  }
}
