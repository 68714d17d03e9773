import type { DatabaseUserReport } from '../../../contract/index.ts'
import { levelOf, writesFinding, writesNothing, type Finding } from '../judge-user.ts'
import type { Purpose } from '../write-lease.ts'
import { powersQuery, type Powers } from './powers.ts'
import { readerScript, writerScript } from './user-scripts.ts'
import type { PostgresSession } from './session.ts'

/** What this database user could do if every other layer failed, and a script for a user that could do less. */
export async function preflight(session: PostgresSession, purpose: Purpose): Promise<DatabaseUserReport> {
  const startedMs = performance.now()
  const [powers] = await session.own<Powers>(powersQuery)
  if (powers === undefined) throw new Error('pg_roles does not list the current user')
  const findings = findingsOf(powers, purpose)
  return {
    isReachable: true,
    serverVersion: powers.version,
    databaseUser: powers.user,
    level: levelOf(findings, purpose),
    findings,
    script: scriptFor(powers, purpose, findings),
    elapsedMs: performance.now() - startedMs,
  }
}

/** A writer that can do just what it is for needs none. */
function scriptFor(powers: Powers, purpose: Purpose, findings: readonly Finding[]): string | null {
  if (purpose === 'write') return levelOf(findings, purpose) === 'least' && powers.writable.length > 0 ? null : writerScript(powers)
  if (findings.length === 0) return null
  return purpose === 'both' && powers.writable.length > 0 ? `${readerScript(powers)}\n\n${writerScript(powers)}` : readerScript(powers)
}

function findingsOf(powers: Powers, purpose: Purpose): readonly Finding[] {
  const list = (names: readonly string[]): string => names.slice(0, 5).join(', ') + (names.length > 5 ? ' and more' : '')
  const candidates: readonly (readonly [boolean, string, string])[] = [
    [powers.superuser, 'engines.superuser', 'It is a superuser: nothing in the database can stop it.'],
    [powers.bypassrls, 'engines.bypass-rls', 'It bypasses row-level security.'],
    [powers.createrole, 'engines.create-role', 'It may make and change users.'],
    [powers.createdb, 'engines.create-database', 'It may make databases.'],
    [powers.replication, 'engines.replication', 'It may copy the whole server by replication.'],
    [powers.roles.length > 0, 'engines.server-roles', `It has powers over the server: ${list(powers.roles)}.`],
    [powers.writable.length > 0, ...writesFinding(list(powers.writable), purpose)],
    [powers.writable.length === 0 && purpose === 'write', ...writesNothing],
    [powers.owned > 0, 'engines.owns', `It owns ${powers.owned} table(s) and index(es), and may drop them.`],
    [powers.creatable.length > 0, 'engines.creates', `It may create objects in: ${list(powers.creatable)}.`],
    [powers.createsInDatabase, 'engines.creates-schemas', 'It may create schemas in the database.'],
    [
      powers.remotes.length > 0,
      'engines.remote-access',
      `It may call functions that reach other servers or files: ${list(powers.remotes)}.`,
    ],
    [powers.servers.length > 0, 'engines.foreign-servers', `It may use foreign servers: ${list(powers.servers)}.`],
    [powers.files.length > 0, 'engines.server-files', `It may call functions over the server’s own files: ${list(powers.files)}.`],
  ]
  return candidates.filter(([isFound]) => isFound).map(([, code, message]) => ({ code, message }))
}
