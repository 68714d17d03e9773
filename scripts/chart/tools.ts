import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

/** A program that is built from its Go module, in exactly this version. */
export interface Tool {
  readonly module: string
  readonly version: string
  /** Build tags, comma between. */
  readonly tags?: string
}

export const tools = {
  helm: { module: 'helm.sh/helm/v4/cmd/helm', version: 'v4.1.4' },
  helm3: { module: 'helm.sh/helm/v3/cmd/helm', version: 'v3.21.4' },
  kubeconform: { module: 'github.com/yannh/kubeconform/cmd/kubeconform', version: 'v0.8.0' },
  'kube-score': { module: 'github.com/zegl/kube-score/cmd/kube-score', version: 'v1.20.0' },
  // Without the service discoveries of fifteen clouds, which only Prometheus itself needs.
  promtool: { module: 'github.com/prometheus/prometheus/cmd/promtool', version: 'v0.316.0', tags: 'remove_all_sd' },
} as const satisfies Readonly<Record<string, Tool>>

export type ToolName = keyof typeof tools
export const toolNames = Object.keys(tools) as readonly ToolName[] // the table's keys are the names

/** Where programs and schemas are kept between runs; outside the checkout, so that a fresh clone finds them again. */
export const toolCache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'aishell-tools')

/** Path of the program, or null where it was not built. Programs in a folder named by AISHELL_TEST_TOOLS win. */
export function findTool(name: ToolName): string | null {
  const given = process.env['AISHELL_TEST_TOOLS']
  const places = [...(given === undefined ? [] : [join(given, name)]), builtPath(name)]
  return places.find((place) => existsSync(place)) ?? null
}

export function hasGo(): boolean {
  return spawnSync('go', ['version']).status === 0
}

/** Builds the program where it is missing; gives its path. Throws what Go said when that fails. */
export function buildTool(name: ToolName): string {
  const found = findTool(name)
  if (found !== null) return found
  const { module, version, tags = '' }: Tool = tools[name]
  const work = mkdtempSync(join(tmpdir(), 'aishell-tool-'))
  try {
    const env = { ...process.env, GOBIN: work, CGO_ENABLED: '0' }
    const args = ['install', '-trimpath', '-tags', tags, '-ldflags', '-s -w', `${module}@${version}`]
    const { status, stderr } = spawnSync('go', args, { cwd: work, env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
    if (status !== 0) throw new Error(`${module}@${version} could not be built:\n${stderr.slice(-4000)}`)
    return keep(join(work, basename(module)), builtPath(name))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** A copy of a file or folder, whole or not there, also when two runs make it at once. */
export function keep(made: string, target: string): string {
  mkdirSync(dirname(target), { recursive: true })
  const unfinished = `${target}-${process.pid}`
  cpSync(made, unfinished, { recursive: true, verbatimSymlinks: true })
  try {
    renameSync(unfinished, target)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    if (!existsSync(target)) throw error
  }
  return target
}

function builtPath(name: ToolName): string {
  return join(toolCache, `${name}-${tools[name].version}`, name)
}
