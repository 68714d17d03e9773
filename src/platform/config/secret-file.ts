import { readFileSync, statSync } from 'node:fs'
import type { SecretSource } from '../../domain/index.ts'

/** Longer files are no secrets. */
const maxBytes = 64 * 1024
const lookEveryMs = 1_000

export interface SecretFileOptions {
  /** What it is called where a change is told: a setting, or a place in aishell.yaml. */
  readonly name: string
  readonly path: string
  /** What is wrong with a new text, or null; a wrong one is not taken. */
  readonly check?: (text: string) => string | null
  readonly nowMs?: () => number
}

/**
 * A secret in a file, looked at again when it is asked for and a second has passed. Kubernetes swaps a link to a folder, editors
 * rename, others write in place: each shows in inode, size or time. A file that is gone, empty or wrong leaves the text as it was.
 */
export class SecretFile implements SecretSource {
  readonly name: string
  readonly path: string
  readonly #options: SecretFileOptions
  readonly #nowMs: () => number
  #known: readonly string[]
  readonly #replacedMs = new Map<string, number>()
  #stamp: string
  #lookedMs: number
  #problem: string | null = null

  /** Throws a plain Error that completes "NAME …". */
  constructor(options: SecretFileOptions) {
    this.name = options.name
    this.path = options.path
    this.#options = options
    this.#nowMs = options.nowMs ?? (() => performance.now())
    this.#stamp = stampOf(options.path)
    this.#known = [readSecretFile(options.path)]
    this.#lookedMs = this.#nowMs()
  }

  current(): string {
    this.#look()
    return this.#known[0] ?? ''
  }

  known(): readonly string[] {
    this.#look()
    return this.#known
  }

  recent(withinMs: number): readonly string[] {
    this.#look()
    const sinceMs = this.#nowMs() - withinMs
    return this.#known.filter((text, at) => at === 0 || (this.#replacedMs.get(text) ?? sinceMs) > sinceMs)
  }

  /** Why the file’s present content is not taken; null when it is. */
  problem(): string | null {
    this.#look()
    return this.#problem
  }

  #look(): void {
    const nowMs = this.#nowMs()
    if (nowMs - this.#lookedMs < lookEveryMs) return
    this.#lookedMs = nowMs
    try {
      const stamp = stampOf(this.#options.path)
      if (stamp === this.#stamp) return
      const text = readSecretFile(this.#options.path)
      this.#problem = this.#options.check?.(text) ?? null
      this.#stamp = stamp
      if (this.#problem === null) this.#take(text, nowMs)
    } catch (error) {
      this.#problem = (error as Error).message // readSecretFile and stampOf throw plain errors only
    }
  }

  #take(text: string, nowMs: number): void {
    const [present = text] = this.#known
    if (text === present) return
    this.#replacedMs.set(present, nowMs)
    this.#known = [text, ...this.#known.filter((one) => one !== text)]
  }
}

/** A secret's file without its last line end. Throws a plain Error that completes "NAME …". */
export function readSecretFile(path: string): string {
  const content = said(path, () => readFileSync(path, 'utf8'))
  const value = content.replace(/\r?\n$/, '')
  if (value === '') throw new Error(`names the file ${path}, which is empty`)
  if (value.length > maxBytes) throw new Error(`names the file ${path}, which is too long for a secret`)
  return value
}

function stampOf(path: string): string {
  const { ino, size, mtimeNs, ctimeNs, dev } = said(path, () => statSync(path, { bigint: true }))
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
}

function said<Result>(path: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new Error(`names the file ${path}, which cannot be read (${code})`, { cause: error })
  }
}
