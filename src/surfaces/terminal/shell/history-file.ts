import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

const keptInputs = 1_000

/** What is never written down: passwords, tokens, keys, and lines begun with a space (as shells agree to forget). */
const secretPatterns: readonly RegExp[] = [
  /^\s/,
  /\b(?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|private[_-]?key|credentials?)\b\s*(?:=|:|'|")/i,
  /\b(?:password|identified\s+by)\s+(?:'|")/i,
  /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:[^\s/@]+@/i,
  /\bbearer\s+\S{8,}/i,
  /\beyJ[\w-]{10,}\.[\w-]+\.[\w-]+/,
  /\b(?:sk|pk|ghp|gho|xox[abp]|ais|aish|aishell|glpat)[-_][\w-]{16,}/i,
  /\bAKIA[A-Z0-9]{12,}/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
]

export function holdsSecret(input: string): boolean {
  return secretPatterns.some((pattern) => pattern.test(input))
}

/** What was typed, kept for the next time in a file only its owner may read. One line per input; breaks are escaped. */
export class HistoryFile {
  readonly #path: string | null
  #inputs: string[] = []
  #isWritable = true

  /** null: nothing is kept. */
  constructor(path: string | null) {
    this.#path = path
  }

  /** Newest first and on one line each, as the up arrow shows them. */
  get recall(): readonly string[] {
    return this.#inputs.map((input) => input.replace(/\s*\n\s*/g, ' ')).toReversed()
  }

  async load(): Promise<void> {
    if (this.#path === null) return
    const text = await readFile(this.#path, 'utf8').catch(() => '') // the first start has none
    this.#inputs = text
      .split('\n')
      .filter((line) => line !== '')
      .map(unescape)
      .slice(-keptInputs)
    if (text !== '') await chmod(this.#path, 0o600).catch(() => {}) // someone else's file then fails at the first append
    if (text.split('\n').length > 2 * keptInputs) await this.#rewrite()
  }

  /** Remembers an input. A history that cannot be written is no reason to stop: the shell then remembers only for itself. */
  async add(input: string): Promise<void> {
    if (input.trim() === '' || holdsSecret(input) || this.#inputs.at(-1) === input) return
    this.#inputs = [...this.#inputs, input].slice(-keptInputs)
    if (this.#path === null || !this.#isWritable) return
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
      await writeFile(this.#path, `${escape(input)}\n`, { flag: 'a', mode: 0o600 })
    } catch {
      this.#isWritable = false
    }
  }

  async #rewrite(): Promise<void> {
    if (this.#path === null) return
    const text = this.#inputs.map((input) => `${escape(input)}\n`).join('')
    await writeFile(this.#path, text, { mode: 0o600 }).catch(() => {}) // it only stays longer than it need be
  }
}

function escape(input: string): string {
  return input.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '')
}

function unescape(line: string): string {
  return line.replace(/\\(n|\\)/g, (_, char: string) => (char === 'n' ? '\n' : '\\'))
}
