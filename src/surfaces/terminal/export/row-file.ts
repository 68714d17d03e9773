import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ShellError } from '../../../domain/index.ts'

/** A place for exported bytes; the file bears its name only after `keep`. */
export interface RowSink {
  write(bytes: Uint8Array): Promise<void>
  /** All bytes are in: make them last. */
  keep(): Promise<void>
  /** Something is missing: leave nothing behind. */
  discard(): Promise<void>
}

/** A temporary file beside the final one, renamed at the end: whoever sees the name sees the whole file. */
export async function openRowFile(path: string): Promise<RowSink> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.part`)
  const file = await open(temporary, 'wx', 0o600).catch((cause: unknown) => {
    throw unwritable(path, cause)
  })
  return {
    write: async (bytes) => {
      await file.writeFile(bytes)
    },
    keep: async () => {
      await file.sync()
      await file.close()
      await rename(temporary, path)
    },
    discard: async () => {
      await file.close().catch(() => {}) // it may be closed already; the removal below is what counts
      await rm(temporary, { force: true })
    },
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder is a file',
  EACCES: 'you may not write there',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
}

function unwritable(path: string, cause: unknown): ShellError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const message = `${path} cannot be written: ${reasons[code] ?? code}.`
  return new ShellError({ code: 'terminal.unwritable', kind: 'failed', message, hint: 'Name a file in a folder that is yours.', cause })
}
