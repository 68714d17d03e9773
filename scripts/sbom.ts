import { execFileSync } from 'node:child_process'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

// node scripts/sbom.ts FOLDER: writes sbom.cdx.json into the bundle's folder: npm's list of the packages, and what npm leaves
// out because it is optional or no package: the machine code of this platform, and Node itself.

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = resolve(root, process.argv[2] ?? 'dist')

interface Component {
  readonly 'bom-ref': string
  readonly type: string
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[]
  readonly licenses: readonly { readonly license: { readonly id: string } }[]
}
interface Sbom {
  readonly components: readonly Component[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
}
interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly license: string; readonly integrity: string }>>
}

const list = ['sbom', '--package-lock-only', '--omit', 'dev', '--omit', 'optional', '--sbom-format', 'cyclonedx']
const sbom = JSON.parse(execFileSync('npm', list, { cwd: root, encoding: 'utf8', maxBuffer: 1e8 })) as Sbom // npm's own JSON
const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lockfile // npm documents the shape
const named = new Set(sbom.components.map(({ name }) => name))
const beside = globSync('node_modules/@*/*', { cwd: folder }).filter((path) => !named.has(path.slice('node_modules/'.length)))
const added = [...beside.map(packageOf), node()]
const dependencies = [...sbom.dependencies, ...added.map((one) => ({ ref: one['bom-ref'], dependsOn: [] }))]
writeFileSync(join(folder, 'sbom.cdx.json'), JSON.stringify({ ...sbom, components: [...sbom.components, ...added], dependencies }, null, 1))
console.log(`sbom.cdx.json: ${sbom.components.length + added.length} components`)

function packageOf(path: string): Component {
  const { version, license, integrity } = packages[path] ?? {}
  const name = path.slice('node_modules/'.length)
  if (version === undefined || license === undefined) throw new Error(`${name} lies in the bundle and is not in package-lock.json.`)
  const content = Buffer.from(integrity?.replace(/^sha512-/, '') ?? '', 'base64').toString('hex')
  const ref = { 'bom-ref': `${name}@${version}`, purl: `pkg:npm/${name.replace('@', '%40')}@${version}` }
  return { ...ref, type: 'library', name, version, hashes: [{ alg: 'SHA-512', content }], licenses: [{ license: { id: license } }] }
}

function node(): Component {
  const version = process.versions.node
  const ref = { 'bom-ref': `node@${version}`, purl: `pkg:generic/node@${version}` }
  return { ...ref, type: 'platform', name: 'node', version, licenses: [{ license: { id: 'MIT' } }] }
}
