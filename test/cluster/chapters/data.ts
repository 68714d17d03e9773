import { apply, kubectl, run, until } from '../command.ts'
import { readerPassword, type House } from '../house.ts'
import type { Report } from '../report.ts'

/** Connections from Secrets, over the real watch. */
export async function discovery(house: House, report: Report): Promise<void> {
  report.chapter('Discovery')
  const namespace = `${house.namespace}-connections`
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  const secret = (keys: Readonly<Record<string, string>>): object => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'warehouse', namespace, labels: { 'aishell.io/connection': 'true' } },
    stringData: {
      host: `aishell-postgresql.${house.namespace}.svc.cluster.local`,
      database: 'shop',
      user: 'shop_reader',
      sslmode: 'disable',
      ...keys,
    },
  })
  const asked = async (): Promise<string> => {
    const said = await house.aishell('sql', '-c', 'warehouse', 'SELECT name FROM item WHERE id = 3')
    return said.stdout + said.stderr
  }
  await report.check('a labelled Secret becomes a connection, changes and goes, without a restart', async () => {
    await house.install({ discovery: { enabled: true, namespace } })
    await apply(secret({ password: 'wrong' }))
    await until('the connection', 60, async () => ((await asked()).includes('no such connection') ? 'unknown' : true))
    await apply(secret({ password: readerPassword }))
    await until('an answer', 60, async () => ((await asked()).includes('item 3') ? true : await asked()))
    await kubectl('-n', namespace, 'delete', 'secret', 'warehouse')
    await until('it to go', 60, async () => (await asked()).includes('no such connection'))
  })
  await report.check('doctor names a Secret that is no connection, and its account may list and watch there only', async () => {
    await apply(secret({ password: 'x', port: 'many' }))
    await until('doctor', 30, async () => (await house.aishell('doctor')).stdout.includes('Secret warehouse: port is no number'))
    const account = `system:serviceaccount:${house.namespace}:aishell`
    const may = async (verb: string, where: string): Promise<string> =>
      (await run('kubectl', ['auth', 'can-i', verb, 'secrets', '-n', where, '--as', account])).stdout.trim()
    const rights = [
      await may('list', namespace),
      await may('watch', namespace),
      await may('get', namespace),
      await may('delete', namespace),
      await may('list', house.namespace),
    ]
    if (rights.join() !== 'yes,yes,no,no,no') throw new Error(`list, watch, get, delete there and list at home: ${rights.join()}`)
  })
  await run('kubectl', ['delete', 'namespace', namespace, '--wait=false'])
}

/** Backup and restore, then uninstall and install again. */
export async function data(house: House, report: Report): Promise<void> {
  report.chapter('Data')
  const ns = ['-n', house.namespace]
  await report.check('the backup job writes a dump, and helm does not wait for a claim that nobody wants', async () => {
    await house.install({ postgresql: { backup: { enabled: true, schedule: '0 0 1 1 *', size: '5Gi' } } })
    await house.sql('aishell', 'CREATE TABLE before_backup (id int); ALTER TABLE before_backup OWNER TO aishell;')
    return await job(house, 'backup')
  })
  await report.check('the restore job brings it back, and the trail verifies', async () => {
    await house.sql('aishell', 'DROP TABLE before_backup')
    await kubectl(...ns, 'scale', 'deployment/aishell', '--replicas=0')
    await until(
      'the servers to go',
      90,
      async () =>
        (await run('kubectl', [...ns, 'get', 'pods', '-l', 'app.kubernetes.io/component=server', '-o', 'name'])).stdout.trim() === '',
    )
    const said = await job(house, 'restore')
    await kubectl(...ns, 'scale', 'deployment/aishell', '--replicas=2')
    await house.rolledOut()
    await house.sql('aishell', 'SELECT count(*) FROM before_backup; DROP TABLE before_backup')
    const verified = await house.aishell('audit', 'verify')
    if (verified.code !== 0) throw new Error(verified.stdout + verified.stderr)
    return said
  })
  await report.check('uninstall keeps volumes and keys, and a new install finds both', async () => {
    const count = async (): Promise<string> => (await house.sql('aishell', 'SELECT count(*) FROM connection')).trim()
    const key = await house.secret('aishell-secrets', 'SECRET_KEY')
    const before = await count()
    await house.helm('uninstall', house.release, '--wait', '--timeout', '3m')
    await until(
      'the pods to go',
      120,
      async () =>
        (
          await run('kubectl', [
            ...ns,
            'get',
            'pods',
            '-l',
            'app.kubernetes.io/instance=aishell',
            '--field-selector',
            'status.phase=Running',
            '-o',
            'name',
          ])
        ).stdout.trim() === '',
    )
    await house.install()
    if ((await house.secret('aishell-secrets', 'SECRET_KEY')) !== key) throw new Error('the keys are new')
    if ((await count()) !== before) throw new Error('the store is another')
    const verified = await house.aishell('audit', 'verify')
    if (verified.code !== 0) throw new Error(verified.stdout + verified.stderr)
  })
}

async function job(house: House, what: 'backup' | 'restore'): Promise<string> {
  const name = `${what}-${Date.now().toString(36)}`
  const ns = ['-n', house.namespace]
  await kubectl(...ns, 'create', 'job', name, `--from=cronjob/aishell-postgresql-${what}`)
  const logs = async (): Promise<string> => (await run('kubectl', [...ns, 'logs', `job/${name}`, '--tail=5'])).stdout.trim()
  await until(`the ${what}`, 180, async () => {
    const state = await kubectl(...ns, 'get', 'job', name, '-o', 'jsonpath={.status.succeeded}/{.status.failed}')
    if (/\/[1-9]/.test(state)) throw new Error(`it failed: ${await logs()}`)
    return state.startsWith('1')
  })
  return (await logs()).split('\n').at(-1) ?? ''
}
