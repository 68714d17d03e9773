import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'

test('a sandbox in the middle of a statement ends soon after its server was killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'aishell-orphan-'))
  const file = join(folder, 'shop.db')
  new DatabaseSync(file).close()
  const server = spawn(process.execPath, [join(import.meta.dirname, '../support/engine-sqlite-busy.ts'), file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const pid = await new Promise<number>((resolve) => server.stdout.once('data', (text: Buffer) => resolve(Number(text.toString()))))
  await sleep(300) // the statement is running now
  expect(isAlive(pid)).toBe(true)
  server.kill('SIGKILL')
  for (let waitedMs = 0; isAlive(pid) && waitedMs < 10_000; waitedMs += 100) await sleep(100)
  expect(isAlive(pid)).toBe(false)
  rmSync(folder, { recursive: true, force: true })
})

/** A process that has ended but was not waited for yet counts as ended. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
