import { parseAllDocuments } from 'yaml'
import { customResourceDefinitions } from '../../../scripts/chart/schemas.ts'
import { manifestsOf, parseManifests, podsOf, type Manifest, type Rendering, type Tree } from '../../support/chart.ts'
import { exampleNames, installable, objectsBeside } from '../../support/chart-commands.ts'
import { apply, must, run, until } from '../command.ts'
import type { House } from '../house.ts'
import { NotHere, type Report } from '../report.ts'

/** What no example renders, so that every pod template of the chart is looked at. */
const others: readonly (readonly [name: string, rendering: Rendering])[] = [
  [
    'migrations in a Job, backup, Sentinels',
    { values: { migrations: { mode: 'job' }, postgresql: { backup: { enabled: true } }, redis: { mode: 'sentinel' } } },
  ],
  [
    'migrations in a hook',
    {
      values: {
        migrations: { mode: 'hook' },
        secrets: { app: { source: 'existingSecret', name: 'own' } },
        postgresql: { mode: 'external', external: { host: 'db' }, auth: { secret: { source: 'existingSecret', name: 'own' } } },
      },
    },
  ],
]

/** Everything the repository renders, asked of the real API server in a restricted namespace: `--dry-run=server`, strictly. */
export async function admission(house: House, report: Report): Promise<void> {
  report.chapter('Admission of everything that is rendered')
  const namespace = `${house.namespace}-admission`
  const labels = Object.fromEntries(['enforce', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted']))
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } })
  const added: string[] = []
  await report.check('the kinds of others that examples use are known to the API server', async () => {
    await addKinds(added)
    return added.length === 0 ? 'they were there' : `${added.length} added from the modules of their projects`
  })
  try {
    for (const [name, rendering] of [...installable, ...others])
      await report.check(`${name}: every object is taken, every pod may run where Pod Security is restricted`, async () => {
        const manifests = await manifestsOf(process.env['HELM'] ?? 'helm', rendering)
        const pods = podsOf(manifests).map(({ owner, spec }, index) => podFrom(owner, spec, index))
        await takes(namespace, [...manifests, ...pods])
        return `${manifests.length} objects, ${pods.length} pod templates`
      })
    for (const name of exampleNames.filter((one) => objectsBeside(one) !== ''))
      await report.check(`objects beside the values of ${name} are taken`, async () => {
        const known = parseManifests(objectsBeside(name)).filter((one) => !one.apiVersion.startsWith('argoproj.io/'))
        if (known.length === 0) throw new NotHere('Argo CD’s module does not carry the schema of its Application')
        await takes(namespace, known)
      })
  } finally {
    await run('kubectl', ['delete', 'namespace', namespace, '--wait=false'])
    if (added.length > 0) await run('kubectl', ['delete', 'crd', ...added, '--wait=false'])
  }
}

/** Definitions that the cluster lacks, from their projects' own modules; `added` names them, for the end. */
async function addKinds(added: string[]): Promise<void> {
  for (const text of customResourceDefinitions())
    for (const document of parseAllDocuments(text)) {
      const definition = document.toJS() as Manifest | null
      if (definition?.kind !== 'CustomResourceDefinition') continue
      const { name } = definition.metadata
      if ((await run('kubectl', ['get', 'crd', name])).code === 0) continue
      await must('kubectl', ['apply', '--server-side', '-f', '-'], JSON.stringify({ ...definition, status: undefined }))
      added.push(name)
    }
  if (added.length > 0)
    await must('kubectl', ['wait', '--for=condition=Established', '--timeout=120s', ...added.map((name) => `crd/${name}`)])
}

/** A pod of its own: a StatefulSet's claims become volumes only when it makes them, and the account is not there. */
function podFrom(owner: string, spec: Tree, index: number): Manifest {
  const volumes: readonly Tree[] = spec.volumes ?? []
  const mounts: readonly Tree[] = [...(spec.initContainers ?? []), ...spec.containers].flatMap((one: Tree) => one.volumeMounts ?? [])
  const claimed = new Set(mounts.map(({ name }) => name as string).filter((name) => !volumes.some((volume) => volume.name === name)))
  const added = [...claimed].map((name) => ({ name, emptyDir: {} }))
  const name = `check-${index}-${owner.split('/').at(-1) ?? ''}`.slice(0, 60).replace(/-$/, '')
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { ...spec, serviceAccountName: 'default', volumes: [...volumes, ...added] },
  }
}

/** Throws what the API server said against any of them, warnings of Pod Security included. */
async function takes(namespace: string, manifests: readonly Manifest[]): Promise<void> {
  const items = manifests.map((one) => ({ ...one, metadata: isOfCluster(one) ? one.metadata : { ...one.metadata, namespace } }))
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
  const args = ['apply', '--server-side', '--dry-run=server', '--validate=strict', '--field-manager', 'test', '-f', '-']
  let said = ''
  await until('the API server', 60, async () => {
    const ran = await run('kubectl', args, list)
    said = ran.stderr
    return ran.code === 0 || !said.includes('no matches for kind') // the kinds were added a moment ago
  })
  const against = said.split('\n').filter((line) => line.trim() !== '')
  if (against.length > 0) throw new Error(against.slice(0, 5).join(' / '))
}

function isOfCluster({ kind }: Manifest): boolean {
  return ['Namespace', 'GatewayClass', 'ClusterIssuer', 'ClusterSecretStore'].includes(kind)
}
