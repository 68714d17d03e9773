import { mkdirSync, mkdtempSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of secrets as Kubernetes mounts one: each file a link through `..data`, which is swapped whole. */
export class MountedSecrets {
  readonly folder = mkdtempSync(join(tmpdir(), 'aishell-mounted-'))
  #versions = 0
  #names = new Set<string>()

  constructor(files: Readonly<Record<string, string>>) {
    this.publish(files)
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  /** `NAME_FILE` for each of them. */
  env(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#names].map((name) => [`${name}_FILE`, this.path(name)]))
  }

  /** The folder holds these from now on. */
  publish(files: Readonly<Record<string, string>>): void {
    const version = `..version_${this.#versions++}`
    mkdirSync(join(this.folder, version))
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(this.folder, version, name), `${text}\n`)
      if (!this.#names.has(name)) symlinkSync(join('..data', name), this.path(name))
      this.#names.add(name)
    }
    symlinkSync(version, join(this.folder, '..data_tmp'))
    renameSync(join(this.folder, '..data_tmp'), join(this.folder, '..data'))
  }
}
