import { existsSync } from 'node:fs'
import { dialects, openPolicy, type Dialect } from '../../src/domain/index.ts'
import { createGuard } from '../../src/question/guard/index.ts'
import { data, openCatalogs, readLines, type Catalogs } from './catalogs.ts'
import { about, saveResult } from '../report.ts'

interface Line {
  readonly id: string
  readonly db: string
  readonly sql: string
}

/** `node bench/guard/false-blocks.ts`: legitimate statements that ran on real servers, judged under an open policy; each refusal is a false block. */
async function main(): Promise<void> {
  if (!existsSync(data)) return console.log(`no data at ${data}: nothing measured`)
  const rows = []
  for (const dialect of dialects) rows.push(await measure(dialect, await openCatalogs[dialect]()))
  const report = { ...about('node bench/guard/false-blocks.ts'), rows }
  saveResult('guard-false-blocks', report)
}

async function measure(dialect: Dialect, catalogs: Catalogs): Promise<object> {
  const guard = createGuard()
  const lines = readLines<Line>(`sql-guard/${dialect === 'mariadb' ? 'mysql' : dialect}.jsonl`)
  const blocked: object[] = []
  const withoutCatalog = lines.filter((line) => !catalogs.has(line.db)).length
  for (const line of lines) {
    const context = {
      catalog: catalogs.get(line.db) ?? null,
      dialect,
      policy: openPolicy,
      roles: ['reader'],
      connectionId: 'bench',
      limits: openPolicy.defaults,
    }
    const { verdict } = await guard.guard({ sql: line.sql, params: [] }, context)
    if (verdict.decision === 'allow') continue
    blocked.push({ id: line.id, db: line.db, codes: verdict.reasons.map((reason) => reason.code) })
    if (process.argv.includes('--verbose')) console.log(line.id, line.db, line.sql, verdict.reasons)
  }
  await guard.close()
  const share = `${((100 * blocked.length) / lines.length).toFixed(2)} %`
  console.log(`${dialect}: ${blocked.length} of ${lines.length} blocked (${share}), ${withoutCatalog} judged without a catalog`)
  return { dialect, statements: lines.length, withoutCatalog, falseBlocks: blocked.length, share, blocked }
}

await main()
