import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPostgresEngine, type EnginePool } from '../../src/platform/engines/index.ts'
import { approve, mark, never } from '../support/engine-statements.ts'
import { freshDatabase } from '../support/postgres-server.ts'

const engine = createPostgresEngine({ allowPrivateHosts: true, allowedHosts: [] })
let pool: EnginePool

beforeAll(async () => {
  const database = await freshDatabase()
  pool = engine.open({ engine: 'postgres', ...database.reader }, { maxLeases: 2, maxWaiting: 2, connectTimeoutMs: 10_000 })
})
afterAll(() => pool.close())

describe('the bulk path of PostgreSQL', () => {
  const copied = async (sql: string, format: 'csv' | 'ndjson'): Promise<string> => {
    const lease = await pool.lease({ signal: never() })
    let text = ''
    for await (const chunk of (await lease.copy(approve(sql), format, { signal: never(), mark, batchRows: 100 })) ?? []) {
      text += Buffer.from(chunk.bytes).toString('utf8')
    }
    await lease.release()
    return text
  }

  test.each([
    ['a plain select', "SELECT 1 AS a, 'x,y' AS b", 'a,b\n1,"x,y"\n'],
    ['NULL and the empty string', "SELECT NULL AS a, '' AS b", 'a,b\n,""\n'],
    ['booleans as cells spell them', 'SELECT true AS a, false AS b', 'a,b\ntrue,false\n'],
    ['two columns of one name', 'SELECT 1 AS a, true AS a', 'a,a\n1,true\n'],
    ['a semicolon at the end', 'SELECT 1 AS a;', 'a\n1\n'],
    ['a comment behind the semicolon', 'SELECT 1 AS a; -- done; /* really', 'a\n1\n'],
    ['a comment without a line break', 'SELECT 1 AS a -- last', 'a\n1\n'],
    ['nested comments', 'SELECT /* a; /* b; */ c; */ 1 AS a /* ; */ ; /* x /* y */ */', 'a\n1\n'],
    ['semicolons in strings', `SELECT ';' AS a, $x$;'$x$ AS b, E'\\';' AS "c;""d"`, `a,b,"c;""d"\n;,;',';\n`],
    ['a comment before', '/* hello */ -- there\n SELECT 1 AS a', 'a\n1\n'],
    ['a set operation', 'VALUES (1), (2)', 'column1\n1\n2\n'],
  ])('writes CSV of %s', async (_case, sql, text) => {
    expect(await copied(sql, 'csv')).toBe(text)
  })

  test.each([
    [
      'numbers with all digits',
      'SELECT 9223372036854775807 AS a, 1e-30::numeric AS b',
      '{"a":9223372036854775807,"b":0.000000000000000000000000000001}\n',
    ],
    ['two columns of one name', 'SELECT 1 AS a, 2 AS a', '{"a":1,"a_2":2}\n'],
    ['backslashes, quotes and line breaks', String.raw`SELECT E'a\\b"c\nd' AS a`, String.raw`{"a":"a\\b\"c\nd"}` + '\n'],
    ['JSON with line breaks of its own', `SELECT E'{"x":\\n 1}'::json AS a`, '{"a":{"x":  1}}\n'],
    [
      'times as cells spell them',
      "SELECT timestamp '2024-01-02 03:04' AS a, true AS b, NULL AS c",
      '{"a":"2024-01-02 03:04:00","b":true,"c":null}\n',
    ],
    ['no columns at all', 'SELECT FROM generate_series(1, 2)', '{}\n{}\n'],
  ])('writes NDJSON of %s', async (_case, sql, text) => {
    expect(await copied(sql, 'ndjson')).toBe(text)
  })

  test('gives way where the server could not copy: parameters, EXPLAIN', async () => {
    const lease = await pool.lease({ signal: never() })
    const how = { signal: never(), mark, batchRows: 100 }
    expect(await lease.copy(approve('SELECT $1::int', ['1']), 'csv', how)).toBeNull()
    expect(await lease.copy(approve('EXPLAIN SELECT 1'), 'csv', how)).toBeNull()
    await lease.release()
  })

  test('holds a slow reader’s bytes in the server', async () => {
    const lease = await pool.lease({ signal: never() })
    const approved = approve('SELECT n, md5(n::text) FROM generate_series(1, 2000000) AS t(n)')
    let most = 0
    let chunksRead = 0
    for await (const _chunk of (await lease.copy(approved, 'csv', { signal: never(), mark, batchRows: 100 })) ?? []) {
      const before = process.memoryUsage().arrayBuffers
      await sleep(500)
      most = Math.max(most, process.memoryUsage().arrayBuffers - before)
      chunksRead += 1
      if (chunksRead === 4) break
    }
    await lease.release()
    expect(most).toBeLessThan(8 * 1024 * 1024)
  })
})
