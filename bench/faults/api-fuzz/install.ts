import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const requirements = join(import.meta.dirname, 'requirements.txt')

export interface Schemathesis {
  readonly program: string
  /** Folder of hypothesis's tables of characters: making them takes longer than many a round, so they are kept from run to run. */
  readonly tables: string
}

/** Schemathesis at the pinned versions, in a virtual environment of its own that is made when it is missing. */
export function installSchemathesis(): Schemathesis {
  const pins = readFileSync(requirements, 'utf8')
  const digest = createHash('sha256').update(pins).digest('hex').slice(0, 12)
  const home = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), `aishell-schemathesis-${digest}`)
  const program = join(home, 'bin', 'schemathesis')
  const tables = join(home, 'tables')
  if (!existsSync(program)) makeEnvironment(home)
  if (!existsSync(tables)) makeTables(home, tables)
  return { program, tables }
}

function makeEnvironment(home: string): void {
  try {
    execFileSync('python3', ['-m', 'venv', home], { stdio: 'inherit' })
    execFileSync(join(home, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', '-r', requirements], { stdio: 'inherit' })
  } catch (error) {
    rmSync(home, { recursive: true, force: true }) // half an environment would be taken for a whole one
    throw error
  }
}

function makeTables(home: string, tables: string): void {
  const code = 'from hypothesis.internal import charmap; charmap.categories(); charmap.intervals_from_codec("utf-8")'
  execFileSync(join(home, 'bin', 'python'), ['-c', code], {
    stdio: 'inherit',
    env: { ...process.env, HYPOTHESIS_STORAGE_DIRECTORY: tables },
  })
}
