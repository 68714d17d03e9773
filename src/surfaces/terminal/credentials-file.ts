import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ShellError } from '../../domain/index.ts'

/** A token that `aishell login` brought home. */
export interface KeptLogin {
  readonly token: string
  readonly expiresAt: string
}

type Kept = Readonly<Record<string, KeptLogin>>

/** The tokens of `aishell login`, by server, in a file only its owner may read. */
export class CredentialsFile {
  readonly #path: string | null

  /** null: nothing is kept. */
  constructor(path: string | null) {
    this.#path = path
  }

  async read(server: string): Promise<KeptLogin | null> {
    return (await this.#all())[server] ?? null
  }

  async keep(server: string, login: KeptLogin): Promise<void> {
    await this.#write({ ...(await this.#all()), [server]: login })
  }

  async forget(server: string): Promise<void> {
    const { [server]: _gone, ...rest } = await this.#all()
    await this.#write(rest)
  }

  async #all(): Promise<Kept> {
    if (this.#path === null) return {}
    try {
      const { servers } = JSON.parse(await readFile(this.#path, 'utf8')) as { servers?: Kept } // written below
      return servers ?? {}
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {}
      throw unusable(this.#path, cause)
    }
  }

  /** Put in its place whole, and never readable by others in between. */
  async #write(servers: Kept): Promise<void> {
    if (this.#path === null) return
    const unfinished = `${this.#path}.${process.pid}`
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
      await writeFile(unfinished, `${JSON.stringify({ servers }, null, 2)}\n`, { mode: 0o600 })
      await chmod(unfinished, 0o600) // an older file of that name may have been open to all
      await rename(unfinished, this.#path)
    } catch (cause) {
      throw unusable(this.#path, cause)
    }
  }
}

function unusable(path: string, cause: unknown): ShellError {
  return new ShellError({
    code: 'terminal.credentials-file',
    kind: 'failed',
    message: `The file of logins ${path} cannot be used (${cause instanceof Error ? cause.message : 'unreadable'}).`,
    hint: 'Make it writable for you, or remove it and sign in again.',
    cause,
  })
}
