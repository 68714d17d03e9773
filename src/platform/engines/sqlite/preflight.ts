import type { DatabaseUserReport } from '../../../contract/index.ts'
import type { SqliteSession } from './session.ts'

/** A SQLite file has no users: what may be done with it is what the sandbox may do, and that is reading. */
export async function preflight(session: SqliteSession): Promise<DatabaseUserReport> {
  return {
    isReachable: true,
    serverVersion: session.version,
    databaseUser: 'the read-only sandbox',
    level: 'least',
    findings: [],
    script: null,
    elapsedMs: 0,
  }
}
