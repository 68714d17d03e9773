import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const requirements = join(import.meta.dirname, 'requirements.txt')

/** Path of schemathesis at the pinned versions, in a virtual environment of its own that is made when it is missing. */
export function installSchemathesis(): string {
  const pins = readFileSync(requirements, 'utf8')
  const digest = createHash('sha256').update(pins).digest('hex').slice(0, 12)
  const home = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), `aishell-schemathesis-${digest}`)
  const program = join(home, 'bin', 'schemathesis')
  if (existsSync(program)) return program
  try {
    execFileSync('python3', ['-m', 'venv', home], { stdio: 'inherit' })
    execFileSync(join(home, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', '-r', requirements], { stdio: 'inherit' })
  } catch (error) {
    rmSync(home, { recursive: true, force: true }) // half an environment would be taken for a whole one
    throw error
  }
  return program
}
