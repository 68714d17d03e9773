import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defaultLimits, isShellError, type ApprovedStatement, type Catalog, type Policy, type Verdict } from '../../src/domain/index.ts'
import type { EnginePool } from '../../src/platform/engines/index.ts'
import { createGuard } from '../../src/question/guard/index.ts'
import { approve, mark, never, readOn } from './engine-statements.ts'
import { attributes, marker, maskKey } from './mask-world.ts'

export interface MaskLine {
  readonly id: string
  readonly sql: string
  /** `same`: the rows of the clean world; `fails`: the server does not take it; else the code of a refusal. */
  readonly expect: string
  /** In place of it on a MySQL, of MariaDB's lines. */
  readonly onMysql?: string
}

export function maskLines(dialect: string): readonly MaskLine[] {
  const file = dialect === 'mysql' ? 'mariadb' : dialect // the same lines
  const text = readFileSync(join(import.meta.dirname, `../corpus/masks/${file}.jsonl`), 'utf8')
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as MaskLine) // our own file
  return dialect === 'mysql' ? lines.map((line) => ({ ...line, expect: line.onMysql ?? line.expect })) : lines
}

export interface Seen {
  readonly verdict: Verdict
  /** Lines of the result, sorted; null where there is none. */
  readonly rows: readonly string[] | null
  /** All that is told of a failure, to whomever. */
  readonly failure: string | null
  /** What the bulk path wrote. */
  readonly file: string
}

/** One who asks under a policy, and the same database as it would be without what the policy hides. */
export class MaskedWorlds {
  readonly guard = createGuard()
  readonly #secret: EnginePool
  readonly #catalog: Catalog

  constructor(secret: EnginePool, catalog: Catalog) {
    this.#secret = secret
    this.#catalog = catalog
  }

  async ask(sql: string, policy: Policy, params: readonly (string | null)[] = []): Promise<Seen> {
    const { dialect } = this.#catalog
    const context = { catalog: this.#catalog, dialect, policy, roles: ['reader'], connectionId: 'c', limits: defaultLimits }
    const { verdict, approved } = await this.guard.guard({ sql, params }, { ...context, maskActor: { attributes, key: maskKey } })
    if (approved === null) return { verdict, rows: null, failure: null, file: '' }
    return { verdict, ...(await rowsOf(this.#secret, approved)), file: await this.#fileOf(approved) }
  }

  async #fileOf(approved: ApprovedStatement): Promise<string> {
    const lease = await this.#secret.lease({ signal: never() })
    try {
      const chunks = await lease.copy(approved, 'ndjson', { signal: never(), mark, batchRows: 100 })
      const parts: Uint8Array[] = []
      for await (const chunk of chunks ?? []) parts.push(chunk.bytes)
      return Buffer.concat(parts).toString()
    } catch (error) {
      return String(error)
    } finally {
      await lease.release()
    }
  }
}

async function rowsOf(pool: EnginePool, approved: ApprovedStatement): Promise<Pick<Seen, 'rows' | 'failure'>> {
  const lease = await pool.lease({ signal: never() })
  try {
    const { rows } = await readOn(lease, approved)
    return { rows: rows.map((row) => JSON.stringify(row)).toSorted(), failure: null }
  } catch (error) {
    if (!isShellError(error)) throw error
    return { rows: null, failure: `${error.code} ${error.message} ${error.hint} ${String(error.cause)}` }
  } finally {
    await lease.release()
  }
}

/** All that came out and holds a marker. A guess the statement itself holds may come back: whether it was right shows in the rows. */
export function leakOf(sql: string, seen: Seen): string | null {
  const shown = marker.test(sql) ? '' : JSON.stringify(seen.rows) + seen.file
  const all = shown + String(seen.failure)
  return marker.test(all) ? all : null
}

/** What came of a statement, in the words of the corpus; of rows whether they are those of the clean world. */
export async function outcomeOf(sql: string, seen: Seen, clean: EnginePool): Promise<string> {
  if (seen.verdict.decision !== 'allow') return seen.verdict.reasons[0]?.code ?? ''
  if (seen.rows === null) return 'fails'
  const expected = await rowsOf(clean, approve(sql.replace(/;\s*$/, '')))
  if (JSON.stringify(seen.rows) === JSON.stringify(expected.rows)) return 'same'
  return `${seen.rows.join('\n')}\ninstead of\n${expected.rows?.join('\n') ?? expected.failure}`
}

/** Whether the world without what is hidden takes a statement. */
export async function succeeds(sql: string, clean: EnginePool): Promise<boolean> {
  return (await rowsOf(clean, approve(sql.replace(/;\s*$/, '')))).failure === null
}
