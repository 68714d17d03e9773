import { mkdir, open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { unavailable } from './unavailable.ts'
import type { CheckpointSink } from './sink.ts'

/** Appends to one file, synced line by line. It is worth what its place is: another disk, another owner, append-only. */
export function createFileSink(path: string): CheckpointSink {
  return {
    put: async ({ line }) => {
      try {
        await mkdir(dirname(path), { recursive: true })
        const file = await open(path, 'a', 0o640)
        try {
          await file.appendFile(`${line}\n`)
          await file.sync()
        } finally {
          await file.close()
        }
      } catch (cause) {
        throw unavailable(path, cause)
      }
    },
    latest: async (tenantId) => {
      try {
        const lines = (await readFile(path, 'utf8')).split('\n')
        return lines.findLast((line) => line.includes(`"tenantId":"${tenantId}"`)) ?? null
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
        throw unavailable(path, cause)
      }
    },
  }
}
