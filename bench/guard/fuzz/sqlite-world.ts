import { fork, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Catalog } from '../../../src/domain/index.ts'
import { createSqliteEngine } from '../../../src/platform/engines/index.ts'
import type { World } from './world.ts'

const schema = `
  CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price REAL, made TEXT, doc TEXT);
  CREATE TABLE sale (id INTEGER PRIMARY KEY, item_id INT REFERENCES item, sold_at TEXT, big INT);
  CREATE TABLE "Odd Name" ("Weird ""Column" INT, [select] TEXT);
  CREATE TABLE trail (at TEXT);
  CREATE VIEW cheap AS SELECT id, name FROM item WHERE price < 10;
  CREATE VIEW nested AS SELECT c.id, s.big FROM cheap c JOIN sale s ON s.item_id = c.id;
  CREATE TRIGGER into_cheap INSTEAD OF INSERT ON cheap BEGIN INSERT INTO trail VALUES ('x'); END;
  CREATE TRIGGER on_sale AFTER INSERT ON sale BEGIN INSERT INTO trail VALUES ('y'); END;
  INSERT INTO item VALUES (1, 'a', 1.5, '2026-01-01', '{"a":1}'), (2, 'b', 20, NULL, NULL);
  INSERT INTO sale VALUES (1, 1, '2026-01-01', 9007199254740993)`

interface Answer {
  readonly error: string | null
  readonly change: string | null
}

const longestMs = 1_000

/** A file that may be written, opened without an authorizer in a process of its own; one that hangs is ended. */
export async function openSqliteWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'aishell-fuzz-'))
  const file = join(folder, 'shop.sqlite')
  const database = new DatabaseSync(file)
  database.exec(schema)
  const functions = (database.prepare('SELECT DISTINCT name FROM pragma_function_list').all() as { name: string }[]).map((row) => row.name) // the column the query names
  database.close()
  const catalog: Catalog = await readCatalog(folder, file)
  let child: ChildProcess | null = null
  const open = (): ChildProcess => (child ??= fork(join(import.meta.dirname, 'sqlite-runner.ts'), [file], { cwd: folder }))
  return {
    catalog,
    functions: [...functions, 'readfile', 'writefile', 'edit', 'fts5', 'generate_series', 'fsdir', 'pragma_table_info'],
    run: (sql) =>
      new Promise((resolve) => {
        const runner = open()
        const settle = (answer: Answer): void => {
          clearTimeout(timer)
          runner.off('message', settle).off('exit', ended)
          if (answer.change !== null) child = null // it has ended itself
          resolve(answer)
        }
        const lose = (error: string): void => {
          child = null
          runner.kill('SIGKILL')
          settle({ error, change: null })
        }
        const ended = (): void => lose('the process ended')
        const timer = setTimeout(() => lose('took too long'), longestMs)
        runner.on('message', settle).on('exit', ended)
        runner.send(sql)
      }),
    close: async () => {
      child?.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function readCatalog(folder: string, file: string): Promise<Catalog> {
  const pool = createSqliteEngine({ allowedDirectories: [folder] }).open(
    { engine: 'sqlite', file },
    { maxLeases: 1, maxWaiting: 1, connectTimeoutMs: 30_000 },
  )
  try {
    return await pool.readCatalog({ disclosure: 'schema' })
  } finally {
    await pool.close()
  }
}
