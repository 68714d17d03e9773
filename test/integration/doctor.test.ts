import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Check } from '../../src/contract/index.ts'
import { runtimeRole } from '../../src/platform/store/index.ts'
import { examine, type DoctorSource } from '../../src/doctor.ts'
import { json, listen, naming } from '../support/doctor-findings.ts'
import { execute, freshDatabase, freshStore, startScratchServer, type TestDatabase } from '../support/postgres-server.ts'
import { startServing, type ServingProcess } from '../support/serving-process.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const random = (): string => randomBytes(36).toString('base64url')
const secretKey = random()

let postgres: Awaited<ReturnType<typeof startScratchServer>>
let store: Awaited<ReturnType<typeof freshStore>>
let shop: TestDatabase
let server: ServingProcess
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'aishell-doctor-'))
  postgres = await startScratchServer() // of its own: some faults are the whole cluster's
  ;[store, shop] = await Promise.all([freshStore(postgres), freshDatabase(postgres)])
  server = await startServing(store, { env: { SECRET_KEY: secretKey, CONNECTION_TIMEOUT_MS: '2000' } })
  await server.admin.createToken({ name: 'so that there is a chain', kind: 'person', expiresInDays: 1 })
}, 60_000)
afterAll(async () => {
  await server.kill('SIGTERM')
  await postgres.stop()
})

function healthy(): Record<string, string> {
  return {
    DB_HOST: store.host,
    DB_PORT: String(store.port),
    DB_NAME: store.database,
    DB_USER: store.user,
    DB_PASSWORD: store.password.reveal(),
    SECRET_KEY: secretKey,
    DATA_DIR: folder,
    CONFIG_DIR: folder,
    PORT: new URL(server.url).port,
  }
}

async function troubles(env: Record<string, string> = {}, more: Partial<DoctorSource> = {}): Promise<readonly Check[]> {
  const checks = await examine({ version: 'test', env: { ...healthy(), ...env }, ...more })
  return checks.filter((check) => check.state !== 'ok')
}

test('a healthy installation has nothing to mend', async () => {
  expect(await troubles()).toEqual([])
})

describe('of the settings, doctor names', () => {
  const production = { APP_ENV: 'production', JWT_SECRET: random() }

  test.each<readonly [string, Record<string, string>, RegExp]>([
    ['a misspelt name, with the nearest', { DB_PASWORD: 'x' }, /DB_PASWORD is no setting; did you mean DB_PASSWORD\?/],
    ['a missing SECRET_KEY', { ...production, SECRET_KEY: '' }, /SECRET_KEY is needed in production; make one with/],
    ['a short SECRET_KEY', { ...production, SECRET_KEY: 'k3y-0f-f3w' }, /SECRET_KEY must be at least 32 bytes long; make one with/],
    ['a weak JWT_SECRET', { ...production, JWT_SECRET: 'a'.repeat(40) }, /JWT_SECRET repeats itself; make one with/],
    ['a placeholder', { ...production, DB_PASSWORD: 'changeme' }, /DB_PASSWORD is a placeholder; give a real one/],
    [
      'a secret’s file that is not there',
      { DB_PASSWORD: '', DB_PASSWORD_FILE: '/nowhere/it' },
      /DB_PASSWORD names the file \/nowhere\/it, which cannot be read \(ENOENT\)/,
    ],
  ])('%s', async (_what, env, detail) => {
    expect(await troubles(env)).toEqual(naming('settings', detail, /docs\/reference\/settings\.md/))
  })

  test('a config file that is wrong, with the place', async () => {
    const configDir = join(folder, 'config')
    mkdirSync(configDir, { recursive: true })
    writeFileSync(join(configDir, 'aishell.yaml'), 'connections:\n  - name: shop\n    engin: postgres\n')
    expect(await troubles({ CONFIG_DIR: configDir })).toEqual(naming('settings', /aishell\.yaml:\d+:\d+ /, /settings\.md/))
  })

  test('a secret that everybody on the machine may read', async () => {
    const path = join(folder, 'open-key')
    writeFileSync(path, secretKey)
    chmodSync(path, 0o644)
    expect(await troubles({ SECRET_KEY: '', SECRET_KEY_FILE: path })).toEqual(
      naming('secret SECRET_KEY', /everybody on this machine may read .*\(mode 644\)/, /chmod 600/),
    )
  })
})

describe('of this machine, doctor names', () => {
  test('a data folder that cannot be written to', async () => {
    writeFileSync(join(folder, 'a-file'), '')
    expect(await troubles({ DATA_DIR: join(folder, 'a-file', 'data') })).toEqual(
      naming('data folder', /cannot be written to \(ENOTDIR\)/, /DATA_DIR/),
    )
  })

  test('a full disk', async () => {
    expect(await troubles({}, { freeBytes: () => 3 * 1024 * 1024 })).toEqual(naming('data folder', /is full: 3 MiB are left/, /Make room/))
  })

  test('a clock that is wrong', async () => {
    expect(await troubles({}, { now: () => Date.now() - 90_000 })).toEqual(naming('clock', /differs from the store’s by 90\.\d s/, /NTP/))
  })

  test('a port that another program has', async () => {
    const port = new URL(await listen(json({ it: 'is not ours' }))).port
    expect(await troubles({ PORT: port })).toEqual(naming('port', /another program listens at 127\.0\.0\.1/, /set PORT/))
  })

  test('a place for checkpoints that cannot be written to', async () => {
    const env = { AUDIT_CHECKPOINT_SINK: 'file', AUDIT_CHECKPOINT_FILE: join(folder, 'a-file', 'checkpoints') }
    expect(await troubles(env)).toEqual(naming('checkpoints', /cannot be appended to \(ENOTDIR\)/, /AUDIT_CHECKPOINT_FILE/))
  })

  test('a bucket for checkpoints that refuses', async () => {
    const endpoint = `${await listen(json({}, 403))}/trail`
    const env = {
      AUDIT_CHECKPOINT_SINK: 's3',
      AUDIT_S3_ENDPOINT: endpoint,
      AUDIT_S3_ACCESS_KEY_ID: 'a',
      AUDIT_S3_SECRET_ACCESS_KEY: random(),
    }
    expect(await troubles(env)).toEqual(naming('checkpoints', /./, /AUDIT_S3_ENDPOINT/))
  })
})

describe('of the store, doctor names', () => {
  test.each<readonly [string, Record<string, string>, RegExp, RegExp]>([
    ['that it does not answer', { DB_PORT: '1' }, /it does not answer/, /DB_HOST and DB_PORT/],
    ['a wrong password', { DB_PASSWORD: 'wrong' }, /the password is refused/, /DB_PASSWORD/],
    ['a database that is not there', { DB_NAME: 'nothing' }, /there is no such database/, /DB_NAME/],
    ['that it speaks no TLS', { DB_SSLMODE: 'require' }, /TLS does not come about/, /DB_SSLMODE/],
  ])('%s', async (_what, env, detail, hint) => {
    expect(await troubles(env)).toEqual(naming('store', detail, hint))
  })

  test('a SECRET_KEY that is not the one it was made with', async () => {
    expect(await troubles({ SECRET_KEY: random() })).toEqual(naming('keys', /does not open/, /SECRET_KEYS_OLD/))
  })

  /** Planted by the superuser, and taken away again. */
  test.each<readonly [string, string, string, string, RegExp, RegExp]>([
    [
      'migrations that are missing',
      `DELETE FROM schema_migration WHERE name = '0010-record-lean'`,
      `INSERT INTO schema_migration SELECT * FROM kept_migration WHERE name = '0010-record-lean'`,
      'store: migrations',
      /1 missing, first 0010-record-lean/,
      /aishell migrate/,
    ],
    [
      'migrations of a newer version',
      `INSERT INTO schema_migration (name, digest) VALUES ('9999-later', '')`,
      `DELETE FROM schema_migration WHERE name = '9999-later'`,
      'store: migrations',
      /migrated by a newer AI-Shell/,
      /Run the newer version/,
    ],
    [
      'a migration that was edited',
      `UPDATE schema_migration SET digest = 'other' WHERE name = '0001-foundation'`,
      `UPDATE schema_migration SET digest = (SELECT digest FROM kept_migration k WHERE k.name = '0001-foundation') WHERE name = '0001-foundation'`,
      'store: migrations',
      /is not the one the store was migrated with/,
      /unmodified build/,
    ],
    [
      'a runtime role that is a superuser',
      `ALTER ROLE ${runtimeRole} SUPERUSER`,
      `ALTER ROLE ${runtimeRole} NOSUPERUSER`,
      'store: runtime role',
      /is a superuser/,
      /NOSUPERUSER/,
    ],
    [
      'a runtime role that bypasses the walls',
      `ALTER ROLE ${runtimeRole} BYPASSRLS`,
      `ALTER ROLE ${runtimeRole} NOBYPASSRLS`,
      'store: runtime role',
      /may bypass/,
      /NOBYPASSRLS/,
    ],
    [
      'a runtime role that owns a table',
      `CREATE TABLE stray (id int); ALTER TABLE stray OWNER TO ${runtimeRole}`,
      'DROP TABLE stray',
      'store: runtime role',
      /owns stray/,
      /REASSIGN OWNED/,
    ],
    [
      'a runtime role that may not be entered',
      `REVOKE ${runtimeRole} FROM STORE`,
      `GRANT ${runtimeRole} TO STORE`,
      'store: runtime role',
      /may not enter/,
      /GRANT/,
    ],
    [
      'a runtime role that is not there',
      `ALTER ROLE ${runtimeRole} RENAME TO gone`,
      `ALTER ROLE gone RENAME TO ${runtimeRole}`,
      'store: runtime role',
      /is not there/,
      /CREATE ROLE/,
    ],
    [
      'a wall that is not forced',
      'ALTER TABLE token NO FORCE ROW LEVEL SECURITY',
      'ALTER TABLE token FORCE ROW LEVEL SECURITY',
      'store: row-level security',
      /not forced on token/,
      /FORCE ROW LEVEL SECURITY/,
    ],
    [
      'a wall that is off',
      'ALTER TABLE member DISABLE ROW LEVEL SECURITY',
      'ALTER TABLE member ENABLE ROW LEVEL SECURITY',
      'store: row-level security',
      /off for member/,
      /ENABLE ROW LEVEL SECURITY/,
    ],
    [
      'a policy that is missing',
      'DROP POLICY tenant_delete ON connection',
      'CREATE POLICY tenant_delete ON connection FOR DELETE USING (tenant_id = current_tenant())',
      'store: row-level security',
      /connection has no policy for DELETE/,
      /schema\.sql/,
    ],
    [
      'a policy that lets everybody through',
      'CREATE POLICY visitors ON approval FOR SELECT USING (true)',
      'DROP POLICY visitors ON approval',
      'store: row-level security',
      /visitors of approval lets past the tenant/,
      /DROP POLICY visitors/,
    ],
    [
      'a chain that somebody has changed',
      `UPDATE record_link SET mac = decode(repeat('00', 32), 'hex') WHERE sequence = 1`,
      `UPDATE record_link SET mac = k.mac FROM kept_link k WHERE record_link.sequence = 1 AND k.whose = record_link.tenant_id`,
      'record',
      /is broken/,
      /aishell audit verify/,
    ],
  ])('%s', async (_what, plant, mend, name, detail, hint) => {
    const run = (text: string) => execute(store.superuser, text.replaceAll('STORE', store.user))
    await run('CREATE TABLE IF NOT EXISTS kept_migration AS SELECT * FROM schema_migration')
    await run('CREATE TABLE IF NOT EXISTS kept_link AS SELECT tenant_id AS whose, mac FROM record_link WHERE sequence = 1')
    await run(plant)
    const seen = await troubles()
    await run(mend)
    expect(seen).toEqual(naming(name, detail, hint))
  })
})

describe('the command', () => {
  function doctor(
    env: Record<string, string>,
    ...args: string[]
  ): { readonly code: number | null; readonly checks: readonly Check[]; readonly text: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'doctor', ...args], {
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, ...env },
      encoding: 'utf8',
    })
    const checks = args.includes('--json') && stdout.startsWith('{') ? (JSON.parse(stdout) as { checks: readonly Check[] }).checks : []
    return { code: status, checks, text: stdout + stderr }
  }

  test('leaves with 0 where nothing failed, and with 1 otherwise', async () => {
    const beside = { ...healthy(), APP_ENV: 'production', JWT_SECRET: random(), ADMIN_TOKEN: server.adminToken }
    const well = doctor(beside, '--json')
    expect(well.checks.filter((check) => check.state === 'failed')).toEqual([])
    expect(well.code).toBe(0)
    const ill = doctor({ ...beside, DB_PASSWORD: 'wr0ng-and-refused' })
    expect([ill.code, ill.text]).toEqual([1, expect.stringContaining('Set DB_PASSWORD to the password of DB_USER.')])
  })

  test('needs no server, and starts none, where the store is not in order', () => {
    const { code, checks } = doctor({ ...healthy(), DB_PORT: '1' }, '--json')
    expect(code).toBe(1)
    expect(checks).toEqual(naming('server', /was not asked/, /Mend/))
  })

  test('names connections whose user may too much, whose password is wrong, that cannot be reached or refuse TLS', async () => {
    const { host, port, database, reader } = shop
    const target = { host, port, database, user: reader.user, password: reader.password.reveal(), sslmode: 'disable' as const }
    const save = (name: string, more: object) =>
      server.admin.createConnection({ name, description: '', engine: 'postgres', target: { ...target, ...more } })
    await execute(shop, `CREATE ROLE mighty_${database} LOGIN CREATEDB PASSWORD 'mighty'`)
    await save('mighty', { user: `mighty_${database}`, password: 'mighty' })
    await save('locked', { password: 'wrong' })
    await save('away', { port: 1 })
    await save('plain', { sslmode: 'require' })
    const { code, checks } = doctor({ AISHELL_SERVER: server.url, AISHELL_TOKEN: server.adminToken }, '--json')
    expect(code).toBe(1)
    expect(checks).toEqual(naming('connection mighty', /can do more than read/, /aishell connections test mighty/))
    for (const [name, detail] of [
      ['locked', /sign in|password/i],
      ['away', /cannot be reached/],
      ['plain', /TLS/],
    ] as const)
      expect(checks).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ name: `connection ${name}`, state: 'failed', detail: expect.stringMatching(detail) }),
        ]),
      )
  })
})
