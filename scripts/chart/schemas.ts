import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { definitionsOf, strict, type Json } from './strict-schema.ts'
import { toolCache } from './tools.ts'

/** Kubernetes versions every rendered object is held against: the oldest that is supported, and the newest. */
export const kubernetesVersions = ['1.31.14', '1.37.2'] as const

/** Where the schemas of other people's kinds come from: module, version, folder in it, and what to take. */
const customResources = [
  ['github.com/prometheus-operator/prometheus-operator', 'v0.85.0', 'example/prometheus-operator-crd', /servicemonitors|prometheusrules/],
  ['github.com/external-secrets/external-secrets', 'v1.3.2', 'config/crds/bases', /externalsecrets|secretstores|_passwords/],
  ['sigs.k8s.io/gateway-api', 'v1.4.1', 'config/crd/standard', /httproutes|_gateways/],
  ['github.com/cert-manager/cert-manager', 'v1.21.2', 'deploy/crds', /certificates\.|issuers/],
  ['github.com/kedacore/keda/v2', 'v2.21.0', 'config/crd/bases', /scaledobjects|_triggerauthentications/],
  ['github.com/cloudnative-pg/cloudnative-pg', 'v1.27.0', 'config/crd/bases', /_clusters|_scheduledbackups/],
] as const

/** Counts up when the conversion changes, so that schemas made by an older one are not found. */
const edition = 1
const stamp = [...kubernetesVersions, ...customResources.map(([, version]) => version), edition].join('-')
export const schemaFolder = join(toolCache, `schemas-${stamp}`)

export function hasSchemas(): boolean {
  return existsSync(schemaFolder)
}

/** kubeconform's names: `deployment-apps-v1.json`, in a folder per Kubernetes version and one for custom resources. */
export function schemaLocations(kubernetesVersion: string): readonly string[] {
  return [join(schemaFolder, kubernetesVersion), join(schemaFolder, 'custom')].flatMap((folder) => [
    '-schema-location',
    `${folder}/{{.ResourceKind}}{{.KindSuffix}}.json`,
  ])
}

/** Makes strict JSON schemas from the modules' own files; nothing of them is kept in the repository. */
export function buildSchemas(): void {
  if (hasSchemas()) return
  const unfinished = `${schemaFolder}.${process.pid}`
  for (const version of kubernetesVersions) writeKubernetes(version, join(unfinished, version))
  for (const text of customResourceDefinitions()) writeCustom(text, join(unfinished, 'custom'))
  rmSync(schemaFolder, { recursive: true, force: true })
  renameSync(unfinished, schemaFolder)
}

/** The definitions as their projects ship them, a YAML text each; Go fetches the modules. */
export function customResourceDefinitions(): readonly string[] {
  return customResources.flatMap(([module, version, folder, wanted]) => {
    const place = join(download(module, version), folder)
    return readdirSync(place)
      .filter((name) => wanted.test(name))
      .map((name) => readFileSync(join(place, name), 'utf8'))
  })
}

function download(module: string, version: string): string {
  const text = execFileSync('go', ['mod', 'download', '-json', `${module}@${version}`], { encoding: 'utf8', cwd: '/' })
  return (JSON.parse(text) as { readonly Dir: string }).Dir // `go help mod download` documents the shape
}

function writeKubernetes(version: string, folder: string): void {
  const file = join(download('k8s.io/kubernetes', `v${version}`), 'api/openapi-spec/swagger.json')
  const { definitions } = JSON.parse(readFileSync(file, 'utf8')) as { readonly definitions: Readonly<Record<string, Json>> }
  for (const [name, definition] of Object.entries(definitions)) {
    const kinds = (definition['x-kubernetes-group-version-kind'] ?? []) as readonly GroupVersionKind[]
    const [only] = kinds
    if (kinds.length !== 1 || only === undefined || definition['properties'] === undefined) continue
    write(folder, only, { $ref: `#/definitions/${name}`, definitions: definitionsOf(name, definitions) })
  }
}

function writeCustom(text: string, folder: string): void {
  for (const document of parseAllDocuments(text)) {
    const crd = document.toJS() as CustomResourceDefinition | null
    if (crd?.kind !== 'CustomResourceDefinition') continue
    for (const { name, schema } of crd.spec.versions) {
      const own = schema.openAPIV3Schema
      const properties = { ...(own['properties'] as Json), metadata: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
      write(folder, { group: crd.spec.group, version: name, kind: crd.spec.names.kind }, strict({ ...own, properties }) as Json)
    }
  }
}

interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

interface CustomResourceDefinition {
  readonly kind: string
  readonly spec: {
    readonly group: string
    readonly names: { readonly kind: string }
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Json } }[]
  }
}

function write(folder: string, { group, version, kind }: GroupVersionKind, schema: Json): void {
  mkdirSync(folder, { recursive: true })
  const suffix = group === '' ? version : `${group.split('.')[0]}-${version}`
  writeFileSync(join(folder, `${kind.toLowerCase()}-${suffix}.json`), JSON.stringify(schema))
}
