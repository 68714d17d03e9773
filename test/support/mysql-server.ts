import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commandOf, findMysqlFiles } from '../../scripts/mysql/server-files.ts'
import { mariadbMissing, startMariadb, startOn, testRoot, unprivileged, type MariadbServer } from './mariadb-server.ts'

const files = findMysqlFiles()

/** null: a MySQL server is here. In CI a missing one fails, for .ci/run fetches it. */
const mysqlMissing: string | null = files === null ? 'A MySQL server is not here: node scripts/start.mjs run scripts/fetch-mysql.ts' : null
if (mysqlMissing !== null && process.env['CI'] === 'true') throw new Error(mysqlMissing)
if (mysqlMissing !== null) console.warn(`What needs MySQL is skipped. ${mysqlMissing}`)

const isRoot = process.getuid?.() === 0
const asNobody = isRoot ? { uid: unprivileged, gid: unprivileged } : {}

/** A throwaway MySQL of its own, on a free port, under an unprivileged user; its files are gone after `stop()`. Databases in it: `freshMariadbDatabase`. */
export async function startMysql(): Promise<MariadbServer> {
  const { data: made, server } = template()
  const folder = mkdtempSync(join(tmpdir(), 'aishell-mysql-'))
  const data = join(folder, 'data')
  cpSync(made, data, { recursive: true })
  if (isRoot) execFileSync('chown', ['-R', `${unprivileged}:${unprivileged}`, folder])
  chmodSync(folder, 0o755)
  return startOn(folder, (port) => {
    const [program, args] = commandOf(server, [...options(server, folder), `--datadir=${data}`, `--port=${port}`])
    return spawn(program, args, { stdio: 'ignore', ...asNobody })
  })
}

function options(server: string, folder: string): string[] {
  return [
    '--no-defaults',
    `--basedir=${join(server, 'usr')}`,
    `--lc-messages-dir=${join(server, 'usr/share/mysql')}`,
    `--character-sets-dir=${join(server, 'usr/share/mysql/charsets')}`,
    `--socket=${join(folder, 'socket')}`,
    `--pid-file=${join(folder, 'pid')}`,
    `--log-error=${join(folder, 'error.log')}`,
    `--tmpdir=${folder}`,
    `--secure-file-priv=${folder}`,
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    '--mysqlx=OFF',
    '--skip-log-bin',
    '--innodb-redo-log-capacity=8M',
    '--innodb-buffer-pool-size=64M',
    '--innodb-flush-log-at-trx-commit=0',
    '--innodb-doublewrite=OFF',
    '--performance-schema=OFF',
  ]
}

/** The program where an unprivileged user finds it, and a data folder to copy: made once per machine and version. */
function template(): { readonly data: string; readonly server: string } {
  if (files === null) throw new Error(mysqlMissing ?? 'MySQL is missing')
  const made = join(tmpdir(), `aishell-mysql-template-${files.version}-${process.getuid?.() ?? 0}`)
  const paths = { data: join(made, 'data'), server: join(made, 'server') }
  if (existsSync(made)) return paths
  const folder = mkdtempSync(join(tmpdir(), 'aishell-mysql-making-'))
  const server = join(folder, 'server')
  execFileSync('cp', ['-a', files.folder, server])
  chmodSync(folder, 0o755)
  const data = join(folder, 'data')
  mkdirSync(data)
  if (isRoot) execFileSync('chown', [`${unprivileged}:${unprivileged}`, folder, data])
  const first = join(folder, 'first.sql')
  const password = testRoot.password.reveal()
  writeFileSync(
    first,
    `ALTER USER root@localhost IDENTIFIED BY '${password}';\nCREATE USER root@'127.0.0.1' IDENTIFIED BY '${password}';\nGRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;\n`,
  )
  const init = [...options(server, folder), `--datadir=${data}`, '--initialize-insecure', `--init-file=${first}`]
  execFileSync(...commandOf(server, init), { stdio: 'ignore', ...asNobody })
  try {
    renameSync(folder, made)
  } catch {
    rmSync(folder, { recursive: true, force: true }) // another process was faster
  }
  return paths
}

export type MysqlKind = 'mariadb' | 'mysql'

/** Both servers; `missing`: why it is not here. */
export const mysqlServers: Readonly<Record<MysqlKind, { readonly start: () => Promise<MariadbServer>; readonly missing: string | null }>> =
  {
    mariadb: { start: startMariadb, missing: mariadbMissing },
    mysql: { start: startMysql, missing: mysqlMissing },
  }
export const mysqlKinds: readonly MysqlKind[] = ['mariadb', 'mysql']
/** Those that are here. */
export const mysqlHere = mysqlKinds.filter((kind) => mysqlServers[kind].missing === null)
