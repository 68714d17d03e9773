import { SqliteSession } from '../../src/platform/engines/sqlite/session.ts'

// A server that has a sandbox run a statement without end; tells the sandbox's process id and waits to be killed.
const session = await SqliteSession.open(
  process.argv[2] ?? '',
  { sandboxFile: null, maxMemoryBytes: 1024 * 1024 * 1024, maxTempBytes: 64 * 1024 * 1024, hasShell: true },
  10_000,
)
console.log(session.processId)
await session.ask({
  type: 'read',
  sql: 'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) FROM c',
  params: [],
  batchRows: 10,
  maxRowBytes: 1_000,
  lockTimeoutMs: 100,
  overlay: null,
})
