import { describe } from 'vitest'
import type { MariadbServer } from './mariadb-server.ts'
import { mysqlKinds, mysqlServers, type MysqlKind } from './mysql-server.ts'

/** The same tests on a real server of each kind; skipped where it is not here. */
export function describeMysql(title: string, suite: (kind: MysqlKind, start: () => Promise<MariadbServer>) => void): void {
  for (const kind of mysqlKinds) {
    const { start, missing } = mysqlServers[kind]
    describe.skipIf(missing !== null)(`${title} on ${kind}`, () => {
      suite(kind, start)
    })
  }
}
