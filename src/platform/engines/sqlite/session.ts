import { spawn, type ChildProcess } from 'node:child_process'
import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ShellError } from '../../../domain/index.ts'
import type { Session } from '../lease-pool.ts'
import { openFailure } from './errors.ts'
import type { FileAccess } from './open-database.ts'
import type { SandboxAnswer, SandboxRequest } from './sandbox-messages.ts'
import { watchMemory } from './watch-memory.ts'

export interface SandboxOptions {
  /** The sandbox's main file, where it is not beside this one: a bundle. */
  readonly sandboxFile: string | null
  /** Memory of one sandbox; above it SQLite reports that it has none left. */
  readonly maxMemoryBytes: number
  /** A temporary file of SQLite may not grow beyond this, where there is a shell. */
  readonly maxTempBytes: number
  /** false in an image without one: then memory is watched from here, and temporary files are the container's affair. */
  readonly hasShell: boolean
}

const heapMegabytes = 256
const journals = ['-journal', '-wal', '-shm'] as const

interface Pending {
  readonly resolve: (answer: SandboxAnswer) => void
  readonly reject: (error: unknown) => void
}

/** One sandbox process with one file open. Requests are answered in order; whoever cannot wait ends the process. */
export class SqliteSession implements Session {
  readonly version: string
  readonly #child: ChildProcess
  readonly #pending: Pending[]
  #isUsable = true

  private constructor(child: ChildProcess, version: string, pending: Pending[]) {
    this.#child = child
    this.version = version
    this.#pending = pending
    child.on('exit', () => this.spoil())
  }

  static async open(file: string, options: SandboxOptions, timeoutMs: number, access: FileAccess = 'read'): Promise<SqliteSession> {
    const child = startSandbox(file, options, access)
    const pending: Pending[] = []
    const fail = (error: unknown): void => {
      for (const { reject } of pending.splice(0)) reject(error)
    }
    child.on('message', (answer: SandboxAnswer) => pending.shift()?.resolve(answer))
    child.on('error', () => fail(lost()))
    child.on('exit', () => fail(lost()))
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    try {
      const answer = await new Promise<SandboxAnswer>((resolve, reject) => pending.push({ resolve, reject }))
      if (answer.type !== 'open') throw openFailure(answer)
      return new SqliteSession(child, answer.version, pending)
    } catch (error) {
      child.kill('SIGKILL')
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  get isUsable(): boolean {
    return this.#isUsable
  }

  /** The process behind it, for whoever watches it. */
  get processId(): number | null {
    return this.#child.pid ?? null
  }

  /** Throws `engines.lost` when the sandbox ends before it has answered; an error of SQLite comes as `failed`. */
  async ask(request: SandboxRequest): Promise<SandboxAnswer> {
    if (!this.#isUsable) throw lost()
    return await new Promise<SandboxAnswer>((resolve, reject) => {
      this.#pending.push({ resolve, reject })
      this.#child.send(request, (error) => {
        if (error !== null) this.destroy()
      })
    })
  }

  spoil(): void {
    this.#isUsable = false
  }

  /** Ends the process, and with it whatever statement it is in. */
  destroy(): void {
    this.spoil()
    this.#child.kill('SIGKILL')
  }

  async close(): Promise<void> {
    const isOver = this.#child.exitCode !== null || this.#child.signalCode !== null
    const over = isOver ? Promise.resolve() : new Promise<void>((resolve) => void this.#child.once('exit', () => resolve()))
    this.destroy()
    await over
  }
}

/**
 * A Node without environment, network handles of ours or rights to run or read anything but its own code and the file,
 * or to write anything but a file it was opened to write (Node's permission model; SQLite itself is held by open-database.ts). Where there is a shell, the kernel bounds
 * memory, temporary files and core dumps as well.
 */
function startSandbox(file: string, options: SandboxOptions, access: FileAccess): ChildProcess {
  const main = options.sandboxFile ?? join(import.meta.dirname, 'sandbox.ts')
  // As source it shares bounds with the other engines; a bundle is one folder.
  const isSource = options.sandboxFile === null && main.endsWith('.ts')
  const code = isSource ? dirname(import.meta.dirname) : dirname(main)
  const masks = isSource ? [`--allow-fs-read=${join(import.meta.dirname, '../../../domain/masking/overlay.ts')}`] : []
  const node = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    `--max-old-space-size=${heapMegabytes}`,
    '--permission',
    `--allow-fs-read=${code}`,
    ...masks,
    // A writer also keeps SQLite's journal, beside the file.
    ...(access === 'read' ? [file] : [file, ...journals.map((suffix) => `${file}${suffix}`)]).map((path) => `--allow-fs-read=${path}`),
    ...(access === 'read' ? [] : ['', ...journals].map((suffix) => `--allow-fs-write=${file}${suffix}`)),
    main,
    file,
    access,
  ]
  // SQLite blocks the process while a statement runs, so it cannot see that the server is gone (kill -9); this sees it.
  const follow = `(while kill -0 $PPID && kill -0 $$; do /bin/sleep 1; done; kill -0 $PPID || kill -9 $$) 2>/dev/null 3>&- &`
  // No file may grow beyond its bound; the one that is written to is as large as it is already.
  const maxFileBytes = options.maxTempBytes + (access === 'write' ? statSync(file).size : 0)
  const bounds = `${follow} ulimit -c 0; ulimit -d ${Math.ceil(options.maxMemoryBytes / 1024)}; ulimit -f ${Math.ceil(maxFileBytes / 512)}; exec "$0" "$@"`
  const [command = '', ...args] = options.hasShell ? ['/bin/sh', '-c', bounds, ...node] : node
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], env: {}, cwd: dirname(file) })
  if (!options.hasShell) watchMemory(child, options.maxMemoryBytes)
  child.unref()
  child.channel?.unref()
  return child
}

function lost(): ShellError {
  return new ShellError({
    code: 'engines.lost',
    kind: 'failed',
    message: 'The process that reads the SQLite file ended in the middle.',
    hint: 'Ask again, or for less: it may have run out of memory.',
  })
}
