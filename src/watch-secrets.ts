import type { SecretFile } from './platform/config/index.ts'
import type { Observe } from './platform/observe/index.ts'

const everyMs = 2_000

interface Watched {
  readonly files: readonly SecretFile[]
  readonly observe: Observe
  /** What must be done, beside using the new text from now on, when the secret of this name has changed. */
  readonly changed?: (name: string) => Promise<void>
}

/** Says which secrets were read again, and which files hold what is not taken. Gives the way to stop. */
export function watchSecrets({ files, observe, changed = async () => undefined }: Watched): () => Promise<void> {
  const unfinished = new Set<string>()
  const carryOut = (name: string): void => {
    unfinished.delete(name)
    changed(name).catch((error: unknown) => {
      observe({ type: 'failure', code: 'config.secret-reload', error })
      unfinished.add(name) // the store may be away just now: once more with the next look
    })
  }
  const seen = new Map(files.map((file) => [file, { known: file.known(), problem: file.problem() }]))
  const look = (): void => {
    for (const name of unfinished) carryOut(name)
    for (const [file, before] of seen) {
      const [known, problem] = [file.known(), file.problem()]
      seen.set(file, { known, problem })
      if (problem !== null && problem !== before.problem) {
        const message = `${file.name} ${problem}. The text it had before stays in use.`
        observe({ type: 'warning', code: 'config.secret-not-reloaded', message })
      }
      if (known === before.known) continue
      observe({ type: 'secret-reloaded', name: file.name })
      carryOut(file.name)
    }
  }
  const timer = files.length === 0 ? null : setInterval(look, everyMs)
  return async () => {
    if (timer !== null) clearInterval(timer)
  }
}
