import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Secret } from '../../src/domain/index.ts'
import { migrate } from '../../src/platform/store/index.ts'
import { manifestsOf, needTool, only } from '../support/chart.ts'
import { execute, startScratchServer } from '../support/postgres-server.ts'

test('a new volume gets an owner who can do little, a role for questions, and a backup that sees all rows', async (context) => {
  const helm = needTool(context, 'helm')
  if (spawnSync('psql', ['--version']).status !== 0) {
    if (process.env['CI'] === 'true') throw new Error('psql is missing: apt-get install postgresql-client')
    context.skip('psql is not installed')
  }
  const server = await startScratchServer()
  try {
    const manifests = await manifestsOf(helm)
    const folder = mkdtempSync(join(tmpdir(), 'aishell-initdb-'))
    for (const [secret, key] of [
      ['owner', 'DB_PASSWORD'],
      ['admin', 'BACKUP_PASSWORD'],
    ] as const) {
      mkdirSync(join(folder, secret))
      writeFileSync(join(folder, secret, key), `it's ${secret} "quoted" \\ 1`)
    }
    const script = (only(manifests, 'ConfigMap', 'aishell-postgresql-scripts').data?.['10-aishell.sh'] ?? '').replaceAll(
      '/run/secrets',
      folder,
    )
    const env = {
      ...process.env,
      POSTGRES_USER: server.user,
      PGPASSWORD: server.password.reveal(),
      PGHOST: server.host,
      PGPORT: String(server.port),
    }
    const ran = spawnSync('sh', ['-c', script], {
      env: { ...env, AISHELL_OWNER: 'aishell', AISHELL_DATABASE: 'aishell' },
      encoding: 'utf8',
    })
    expect(ran).toMatchObject({ status: 0 })

    const at = { host: server.host, port: server.port, database: 'aishell', sslmode: 'disable' as const }
    const owner = { ...at, user: 'aishell', password: new Secret('it\'s owner "quoted" \\ 1') }
    expect((await migrate(owner)).length).toBeGreaterThan(0)
    const { rows } = await execute(
      owner,
      'SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = current_user',
    )
    expect(rows).toEqual([{ rolsuper: false, rolcreatedb: false, rolcreaterole: false, rolbypassrls: false }])

    const backup = { ...at, user: 'aishell_backup', password: new Secret('it\'s admin "quoted" \\ 1') }
    await execute(backup, 'SET row_security = off; SELECT * FROM tenant')
    await expect(execute(backup, 'DELETE FROM tenant')).rejects.toThrow(/read-only|permission denied/)
    await expect(execute({ ...owner, database: 'postgres' }, 'SELECT 1')).rejects.toThrow(/permission denied for database/)
  } finally {
    await server.stop()
  }
})
