import { execFile, spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { chartFolder } from '../../scripts/chart/chart-folder.ts'
import { findTool, type ToolName } from '../../scripts/chart/tools.ts'

/** The newest supported Kubernetes that templates are told they render for. */
export const kubeVersion = '1.37.2'

/** One rendered object, as plain data. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Texts; readonly annotations?: Texts }
  readonly spec?: Tree
  readonly data?: Texts
  readonly [key: string]: unknown
}

export type Texts = Readonly<Record<string, string>>
// oxlint-disable-next-line typescript/no-explicit-any -- rendered objects are looked into by path, each test knows its own
export type Tree = any

interface Skips {
  skip(reason: string): never
}

/** The program's path; skips the test where it was not built, and fails there in CI. */
export function needTool(context: Skips, name: ToolName): string {
  const path = findTool(name)
  if (path !== null) return path
  const reason = `${name} is not built: node scripts/start.mjs run scripts/chart/build-tools.ts (needs Go)`
  if (process.env['CI'] === 'true') throw new Error(reason)
  return context.skip(reason)
}

export interface Rendering {
  readonly name?: string
  readonly namespace?: string
  /** Values files. */
  readonly files?: readonly string[]
  /** Values as data; win over the files. */
  readonly values?: unknown
  readonly chart?: string
  /** As after `--set`. */
  readonly sets?: readonly string[]
}

export interface Rendered {
  readonly status: number
  readonly yaml: string
  readonly error: string
}

const rendered = new Map<string, Promise<Rendered>>()

/** `helm template`, without a cluster; the same rendering is made once per test file. */
export async function renderChart(helm: string, rendering: Rendering = {}): Promise<Rendered> {
  const key = JSON.stringify([helm, rendering])
  const known = rendered.get(key) ?? runHelm(helm, rendering)
  rendered.set(key, known)
  return await known
}

async function runHelm(helm: string, rendering: Rendering): Promise<Rendered> {
  const { name = 'aishell', namespace = 'aishell', files = [], values, sets = [], chart = chartFolder } = rendering
  const args = ['template', name, chart, '--namespace', namespace, '--kube-version', kubeVersion]
  for (const file of files) args.push('--values', file)
  for (const set of sets) args.push('--set', set)
  if (values !== undefined) args.push('--values', '-')
  return await new Promise((resolve) => {
    const child = execFile(helm, args, { maxBuffer: 64 * 1024 * 1024 }, (failure, yaml, error) =>
      resolve({ status: failure === null ? 0 : 1, yaml, error: failure !== null && error === '' ? failure.message : error }),
    )
    child.stdin?.end(values === undefined ? '' : JSON.stringify(values))
  })
}

/** Renders what must render; throws what Helm said when it does not. */
export async function manifestsOf(helm: string, rendering: Rendering = {}): Promise<readonly Manifest[]> {
  const { status, yaml, error } = await renderChart(helm, rendering)
  if (status !== 0) throw new Error(error)
  return parseManifests(yaml)
}

/** Kubernetes reads YAML 1.1: 0440 is octal. */
export function parseManifests(yaml: string): readonly Manifest[] {
  return parseAllDocuments(yaml, { version: '1.1', merge: true }).flatMap((document) => {
    const value = document.toJS() as Manifest | null // every document of a manifest is an object or empty
    return value === null ? [] : [value]
  })
}

export function only(manifests: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = manifests.filter((one) => one.kind === kind && (name === undefined || one.metadata.name === name))
  if (found.length !== 1 || found[0] === undefined)
    throw new Error(
      `${found.length} of ${kind} ${name ?? ''}, among ${manifests.map((one) => `${one.kind}/${one.metadata.name}`).join(', ')}`,
    )
  return found[0]
}

/** The pod templates of a release, with whose they are: workloads, jobs of cron, and test pods. */
export function podsOf(
  manifests: readonly Manifest[],
): readonly { readonly owner: string; readonly metadata: Tree; readonly spec: Tree }[] {
  return manifests.flatMap((manifest) => {
    const owner = `${manifest.kind}/${manifest.metadata.name}`
    if (manifest.kind === 'Pod') return [{ owner, metadata: manifest.metadata, spec: manifest.spec }]
    const template: Tree = manifest.spec?.jobTemplate?.spec?.template ?? manifest.spec?.template
    return template?.spec?.containers === undefined ? [] : [{ owner, metadata: template.metadata, spec: template.spec }]
  })
}

export function containersOf(spec: Tree): readonly Tree[] {
  return [...(spec.initContainers ?? []), ...spec.containers]
}

/** Runs `work` for every item, as many at a time as there are processors. */
export async function eachAtOnce<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<readonly Result[]> {
  const results: Result[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index]
      if (item !== undefined) results[index] = await work(item)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  return results
}

/** What a program says to a text on its standard input. */
export function tell(program: string, args: readonly string[], input: string): { readonly status: number; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(program, [...args], { input, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  return { status: status ?? 1, said: `${stdout}${stderr}` }
}

export const valuesFile = (name: string): string => join(chartFolder, name)
