import type { DatabaseUserReport } from '../../../contract/index.ts'
import { levelOf, writesFinding, writesNothing, type Finding } from '../judge-user.ts'
import type { Purpose } from '../write-lease.ts'
import { readerScript, writerScript } from './user-scripts.ts'
import type { MysqlSession } from './session.ts'

/** One privilege on one place, e.g. `INSERT` on `shop.*`. */
interface Power {
  readonly privilege: string
  /** As the server writes it; `*.*`: everywhere. */
  readonly place: string
}

/** Reading, and what is needed to know what is read. */
const harmless: ReadonlySet<string> = new Set(['USAGE', 'SELECT', 'SHOW VIEW', 'SHOW DATABASES'])
const writes: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'DELETE HISTORY'])
const creates =
  /^(CREATE|CREATE VIEW|CREATE ROUTINE|CREATE TEMPORARY TABLES|CREATE TABLESPACE|ALTER|ALTER ROUTINE|DROP|INDEX|REFERENCES|TRIGGER|EVENT|LOCK TABLES|SHOW CREATE ROUTINE)$/
const users = /^(CREATE USER|CREATE ROLE|DROP ROLE|ROLE_ADMIN|SET_USER_ID|SET USER|GRANT OPTION|PROXY|SET_ANY_DEFINER|SYSTEM_USER)$/
const systemSchema = /^`?(mysql|sys|performance_schema)`?\./i

/** What this database user could do if every other layer failed, and a script for a user that could do less. */
export async function preflight(session: MysqlSession, purpose: Purpose): Promise<DatabaseUserReport> {
  const startedMs = performance.now()
  const [user] = await session.own<{ readonly name: string }>('SELECT CURRENT_USER() AS name')
  const scripts = { reader: await readerScript(session), writer: await writerScript(session) } // before roles are worn
  const powers = await readPowers(session)
  const findings = findingsOf(powers, purpose)
  return {
    isReachable: true,
    serverVersion: session.facts.version,
    databaseUser: user?.name ?? '',
    level: levelOf(findings, purpose),
    findings,
    script: scriptFor(scripts, purpose, findings),
    elapsedMs: performance.now() - startedMs,
  }
}

/** The user's own grants and those of every role it may put on. The session has worn roles then, and is of no further use. */
async function readPowers(session: MysqlSession): Promise<Power[]> {
  const powers: Power[] = []
  const waiting = ['']
  for (const role of waiting) {
    const lines = await grantsOf(session, role)
    if (lines === null) powers.push({ privilege: unreadable, place: role })
    for (const line of lines ?? []) {
      const grant = /^GRANT (.+?) ON (?:TABLE |FUNCTION |PROCEDURE |PACKAGE |PACKAGE BODY )?(\S+|`.*?`\.(?:`.*?`|\*)) TO /.exec(line)
      const place = grant?.[2] ?? ''
      if (grant !== null) powers.push(...privilegesOf(grant[1] ?? '').map((privilege) => ({ privilege, place })))
      if (grant !== null && / WITH .*GRANT OPTION/.test(line)) powers.push({ privilege: 'GRANT OPTION', place })
      const roles = grant === null ? (/^GRANT (.+) TO /.exec(line)?.[1]?.split(/,(?=`)/) ?? []) : []
      waiting.push(...roles.filter((one) => !waiting.includes(one)))
    }
  }
  return powers
}

const unreadable = 'UNREADABLE ROLE'

/** MariaDB tells of a role only to who wears it. null: the server does not tell. */
async function grantsOf(session: MysqlSession, role: string): Promise<string[] | null> {
  const ask = async (text: string): Promise<string[]> =>
    (await session.own<Record<string, string>>(text)).map((row) => Object.values(row)[0] ?? '')
  if (role === '') return await ask('SHOW GRANTS')
  session.spoil()
  try {
    if (!session.facts.isMariadb) return await ask(`SHOW GRANTS FOR CURRENT_USER() USING ${role}`)
    await ask(`SET ROLE ${role}`)
    return await ask('SHOW GRANTS FOR CURRENT_ROLE')
  } catch {
    return null
  }
}

/** `SELECT (a, b), INSERT (c)` → SELECT, INSERT. */
function privilegesOf(list: string): string[] {
  return list
    .replaceAll(/\([^)]*\)/g, '')
    .split(',')
    .map((name) => name.trim().toUpperCase())
    .filter((name) => name !== '')
}

/** A writer that can do just what it is for needs none. */
function scriptFor(
  { reader, writer }: { readonly reader: string; readonly writer: string },
  purpose: Purpose,
  findings: readonly Finding[],
): string | null {
  const has = (code: string): boolean => findings.some((finding) => finding.code === code)
  if (purpose === 'write') return levelOf(findings, purpose) === 'least' && !has(writesNothing[0]) ? null : writer
  if (findings.length === 0) return null
  return purpose === 'both' && (has('engines.writes') || has('engines.superuser')) ? `${reader}\n\n${writer}` : reader
}

function findingsOf(powers: readonly Power[], purpose: Purpose): readonly Finding[] {
  const told = (which: (power: Power) => boolean): string => {
    const found = [
      ...new Set(powers.filter(which).map(({ privilege, place }) => (place === '*.*' ? privilege : `${privilege} on ${place}`))),
    ]
    return found.slice(0, 5).join(', ') + (found.length > 5 ? ' and more' : '')
  }
  const isAll = (power: Power): boolean => power.privilege.startsWith('ALL PRIVILEGES')
  const isSuper = (power: Power): boolean => (isAll(power) && power.place === '*.*') || power.privilege === 'SUPER'
  const isFile = (power: Power): boolean => power.privilege === 'FILE'
  const isUsers = (power: Power): boolean => users.test(power.privilege)
  const isAllHere = (power: Power): boolean => isAll(power) && power.place !== '*.*'
  const isWrite = (power: Power): boolean => writes.has(power.privilege) || isAllHere(power)
  const isCreate = (power: Power): boolean => creates.test(power.privilege) || (purpose === 'write' && isAllHere(power))
  const isExecute = (power: Power): boolean => power.privilege === 'EXECUTE'
  const isSystem = (power: Power): boolean => power.privilege === 'SELECT' && (power.place === '*.*' || systemSchema.test(power.place))
  const isUnreadable = (power: Power): boolean => power.privilege === unreadable
  const isServer = (power: Power): boolean =>
    !harmless.has(power.privilege) && ![isUnreadable, isAll, isSuper, isFile, isUsers, isWrite, isCreate, isExecute].some((is) => is(power))
  const candidates: readonly (readonly [(power: Power) => boolean, string, string])[] = [
    [isSuper, 'engines.superuser', 'It is an administrator: nothing in the database can stop it'],
    [isFile, 'engines.server-files', 'It may read and write files of the server'],
    [isUsers, 'engines.create-role', 'It may make users or hand on what it may do'],
    [isServer, 'engines.server-roles', 'It has powers over the server'],
    [isSystem, 'engines.reads-system', 'It may read the server’s own tables, password hashes among them'],
    [isCreate, 'engines.creates', 'It may make and drop objects'],
    [isUnreadable, 'engines.unreadable-role', 'It may put on a role whose powers cannot be read'],
    [isExecute, 'engines.executes', 'It may run stored routines, which may do whatever their owner may'],
  ]
  const findings = candidates
    .filter(([is]) => powers.some(is))
    .map(([is, code, message]) => ({ code, message: `${message}: ${told(is)}.` }))
  const canWrite = powers.some(isWrite)
  if (!canWrite && (purpose !== 'write' || powers.some(isSuper))) return findings
  const [code, message] = canWrite ? writesFinding(told(isWrite), purpose) : writesNothing
  return [...findings, { code, message }]
}
