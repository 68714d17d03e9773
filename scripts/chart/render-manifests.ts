import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments, stringify } from 'yaml'
import { chartFolder, deployFolder } from './chart-folder.ts'
import { kubernetesVersions } from './schemas.ts'
import { findTool } from './tools.ts'

/** One rendered object; only what is looked at here. */
interface Rendered {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels?: Texts; readonly annotations?: Texts; readonly [key: string]: unknown }
  readonly data?: Texts
  readonly [key: string]: unknown
}
type Texts = Readonly<Record<string, string>>

export const manifestsFolder = join(deployFolder, 'manifests')
const valuesFile = join(manifestsFolder, 'values.yaml')

/** Which object goes into which file, under the names of the first guide; the first that fits wins. */
const files: readonly (readonly [file: string, fits: (object: Rendered) => boolean])[] = [
  ['namespace.yaml', ({ kind }) => kind === 'Namespace'],
  ['configmap.yaml', ({ kind, metadata }) => kind === 'ConfigMap' && /^aishell-(config|files)$/.test(metadata.name)],
  ['grafana-dashboard.yaml', ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'aishell-dashboard'],
  ['external-secret.yaml', ({ kind }) => ['SecretStore', 'ExternalSecret'].includes(kind)],
  ['secrets.yaml', ({ kind }) => kind === 'Secret'],
  ['rbac.yaml', ({ kind }) => ['ServiceAccount', 'Role', 'RoleBinding'].includes(kind)],
  ['pvc.yaml', ({ kind }) => kind === 'PersistentVolumeClaim'],
  ['backup-cronjob.yaml', ({ kind }) => ['CronJob', 'Job'].includes(kind)],
  ['networkpolicy.yaml', ({ kind }) => kind === 'NetworkPolicy'],
  ['postgresql-statefulset.yaml', ({ metadata }) => metadata.name.startsWith('postgresql')],
  ['redis-statefulset.yaml', ({ metadata }) => metadata.name.startsWith('redis')],
  ['deployment.yaml', ({ kind }) => kind === 'Deployment'],
  ['service.yaml', ({ kind }) => kind === 'Service'],
  ['ingress.yaml', ({ kind }) => kind === 'Ingress'],
  ['hpa.yaml', ({ kind }) => kind === 'HorizontalPodAutoscaler'],
  ['pdb.yaml', ({ kind }) => kind === 'PodDisruptionBudget'],
  ['resourcequota.yaml', ({ kind }) => ['ResourceQuota', 'LimitRange'].includes(kind)],
  ['servicemonitor.yaml', ({ kind }) => kind === 'ServiceMonitor'],
  ['prometheusrule.yaml', ({ kind }) => kind === 'PrometheusRule'],
]

/** These need an operator in the cluster and are applied by hand. */
const byHand: readonly string[] = ['servicemonitor.yaml', 'prometheusrule.yaml', 'grafana-dashboard.yaml', 'external-secret.yaml']

/** The plain manifests: file name → text. Throws when Helm is not built. */
export function renderManifests(): Readonly<Record<string, string>> {
  // The policy of `helm test` has no pod without Helm.
  const objects = [...template([]), ...emptySecrets(), ...externalSecrets()].filter(({ metadata }) => metadata.name !== 'aishell-test')
  const grouped = new Map<string, Rendered[]>(files.map(([file]) => [file, []]))
  for (const object of objects.map(withoutHelm)) {
    const file = files.find(([, fits]) => fits(object))?.[0]
    if (file === undefined) throw new Error(`${object.kind} ${object.metadata.name} has no file`)
    grouped.get(file)?.push(object)
  }
  const texts = [...grouped].map(
    ([file, group]) => [file, `${head}${group.map((object) => stringify(object, { lineWidth: 0 })).join('---\n')}`] as const,
  )
  return { ...Object.fromEntries(texts), 'kustomization.yaml': kustomization() }
}

const head = '# Rendered from deploy/aishell-chart by scripts/chart/render-manifests.ts; do not edit.\n'

function template(args: readonly string[]): readonly Rendered[] {
  const helm = findTool('helm')
  if (helm === null) throw new Error('helm is not built: node scripts/start.mjs run scripts/chart/build-tools.ts')
  const common = ['template', 'aishell', chartFolder, '--namespace', 'aishell', '--kube-version', kubernetesVersions[1], '--no-hooks']
  const yaml = execFileSync(helm, [...common, '--values', valuesFile, ...args], { encoding: 'utf8' })
  return parseAllDocuments(yaml, { version: '1.1' }).flatMap((document) => {
    const object = document.toJS() as Rendered | null // every document is an object or empty
    return object === null ? [] : [object]
  })
}

/** Secrets without values: nothing that could be guessed is ever applied. make-secrets.sh fills what is missing. */
function emptySecrets(): readonly Rendered[] {
  const generated = ['secrets.app', 'postgresql.auth.secret', 'postgresql.auth.adminSecret', 'redis.auth.secret']
  const args = ['--set', 'gitops=false', ...generated.flatMap((path) => ['--set', `${path}.source=generate`])]
  return template(args)
    .filter((object) => object.kind === 'Secret')
    .map(({ data = {}, ...object }) => {
      const annotations = { ...object.metadata.annotations, 'aishell.io/keys': Object.keys(data).join(' ') }
      return { ...object, metadata: { ...object.metadata, annotations } }
    })
}

function externalSecrets(): readonly Rendered[] {
  const external = ['secrets.app', 'postgresql.auth.secret', 'postgresql.auth.adminSecret', 'redis.auth.secret']
  const args = external.flatMap((path) => ['--set', `${path}.source=externalSecrets`])
  return template([...args, '--set', 'externalSecrets.createStore=true']).filter((object) =>
    ['SecretStore', 'ExternalSecret'].includes(object.kind),
  )
}

/** Nothing here belongs to Helm. */
function withoutHelm(object: Rendered): Rendered {
  const text = JSON.stringify(object, (key, value: unknown) => {
    if (key.startsWith('helm.sh/')) return undefined
    if (key === 'app.kubernetes.io/managed-by') return 'kubectl'
    return key === 'annotations' &&
      typeof value === 'object' &&
      value !== null &&
      Object.keys(value).every((name) => name.startsWith('helm.sh/'))
      ? undefined
      : value
  })
  return JSON.parse(text) as Rendered // the same object with keys left out
}

function kustomization(): string {
  const resources = files.map(([file]) => file).filter((file) => !byHand.includes(file))
  return `${head}${stringify({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', namespace: 'aishell', resources })}`
}

if (import.meta.main) {
  mkdirSync(manifestsFolder, { recursive: true })
  const changed = Object.entries(renderManifests()).filter(([file, text]) => read(file) !== text)
  for (const [file, text] of changed) writeFileSync(join(manifestsFolder, file), text)
  console.log(changed.length === 0 ? 'manifests: up to date' : `manifests: wrote ${changed.map(([file]) => file).join(', ')}`)
}

function read(file: string): string | null {
  try {
    return readFileSync(join(manifestsFolder, file), 'utf8')
  } catch {
    return null // not made yet
  }
}
