import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootFolder } from './chart-folder.ts'

interface Row {
  /** What the first guide describes. */
  readonly row: string
  readonly files: readonly string[]
  /** Test file → beginnings of names of tests in it. */
  readonly tests: Readonly<Record<string, readonly string[]>>
  /** Beginnings of names of checks of `npm run test:cluster`. */
  readonly cluster: readonly string[]
}

const rules = 'test/integration/chart-rules.test.ts'
const ruleSet = 'test/support/chart-rules.ts'
const examples = 'test/integration/chart-examples.test.ts'
const manifests = 'test/integration/chart-manifests.test.ts'
const monitoring = 'test/integration/chart-monitoring.test.ts'
const guide = 'test/integration/chart-guide.test.ts'
const settings = 'test/integration/chart-settings.test.ts'
const chart = 'deploy/aishell-chart'

/** Each row of the first guide, what delivers it and what proves it. */
const rows: readonly Row[] = [
  {
    row: 'image',
    files: ['Dockerfile', 'docs/reference/image.md'],
    tests: {
      'test/integration/bundle.test.ts': ['a password is judged, kept and signed in with', 'the health probe says alive'],
      [ruleSet]: ['every image is pinned, and pulled as it was said'],
    },
    cluster: ['helm install gives a ready release in a restricted namespace', 'a question is answered inside the release'],
  },
  {
    row: 'namespace, restricted Pod Security',
    files: ['deploy/manifests/namespace.yaml'],
    tests: { [ruleSet]: ['every pod may run where Pod Security is restricted'] },
    cluster: [
      'the namespace refuses a pod that is not restricted',
      'no values at all: every object is taken',
      'values-prod.yaml: every object is taken',
    ],
  },
  {
    row: 'ConfigMap, Secrets',
    files: [`${chart}/templates/configmap.yaml`, `${chart}/templates/secrets.yaml`],
    tests: {
      [settings]: ['every setting of AI-Shell', 'every key that the chart sets'],
      [ruleSet]: ['every Secret has one source at most', 'no secret stands in an environment or in plain sight'],
      [rules]: ['every Secret that is mounted is brought along'],
    },
    cluster: ['the same upgrade again changes no Secret', 'uninstall keeps volumes and keys', 'a release with a broken Secret'],
  },
  {
    row: 'Deployment',
    files: [`${chart}/templates/deployment.yaml`],
    tests: {
      [ruleSet]: ['every container says what it needs and may take', 'no pod carries a token unasked'],
      [rules]: ['are refused with a sentence'],
    },
    cluster: ['a rolling update fails no request', 'helm rollback fails no request', 'a killed server takes no other with it'],
  },
  {
    row: 'Service',
    files: [`${chart}/templates/service.yaml`],
    tests: { [ruleSet]: ['every selector finds pods of the release'] },
    cluster: ['a question is answered inside the release', 'as installed: guest reaches aishell:80'],
  },
  {
    row: 'Ingress, Gateway',
    files: [`${chart}/templates/ingress.yaml`, `${chart}/templates/httproute.yaml`, 'deploy/examples/gateway'],
    tests: { [ruleSet]: ['metrics are on no public way'], [rules]: ['bring a disruption budget, policies, a quota and TLS'] },
    cluster: ['example gateway', 'objects beside the values of gateway', 'with everything listed: gateway reaches aishell:80'],
  },
  {
    row: 'PersistentVolumeClaim',
    files: [`${chart}/templates/pvc.yaml`],
    tests: { [rules]: ['are refused with a sentence'] },
    cluster: ['uninstall keeps volumes and keys'],
  },
  {
    row: 'PostgreSQL',
    files: [`${chart}/charts/postgresql`, `${chart}/templates/cnpg-cluster.yaml`, 'deploy/examples/external-database'],
    tests: {
      'test/integration/chart-database.test.ts': ['a new volume gets an owner'],
      [examples]: ['is what the oldest and the newest Kubernetes take'],
    },
    cluster: [
      'the store restarts while questions are recorded',
      'the backup job writes a dump',
      'the restore job brings it back',
      'example external-database',
      'example cloudnative-pg',
    ],
  },
  {
    row: 'Redis',
    files: [`${chart}/charts/redis`, 'deploy/examples/sentinel'],
    tests: { [rules]: ['keep the Sentinels apart from the data'] },
    cluster: ['a release with Sentinels comes up', 'the primary dies', 'example sentinel'],
  },
  {
    row: 'ServiceAccount, Role, RoleBinding',
    files: [`${chart}/templates/rbac.yaml`, `${chart}/templates/serviceaccount.yaml`],
    tests: { [rules]: ['is off by default: no token, no right to any Secret', 'gives the pods of the server a token'] },
    cluster: [
      'no pod carries an API token',
      'the service account may read two ConfigMaps',
      'a labelled Secret becomes a connection',
      'doctor names a Secret that is no connection',
    ],
  },
  {
    row: 'all manifests in order',
    files: ['deploy/manifests'],
    tests: {
      [manifests]: [
        'are what the chart renders',
        'are under the names of the first guide',
        'are all applied by the commands of their page',
      ],
    },
    cluster: ['every command of their page works', 'doctor finds nothing on them'],
  },
  {
    row: 'chart: structure, values, tests, notes',
    files: [chart, `${chart}/values.schema.json`],
    tests: {
      [guide]: ['%s', 'what the guide names, all of it'],
      'test/integration/chart-random.test.ts': ['any values that the schema admits'],
    },
    cluster: ['helm test passes', 'the same upgrade again', 'helm rollback', 'uninstall keeps'],
  },
  {
    row: 'External Secrets',
    files: [`${chart}/templates/external-secret.yaml`, 'deploy/examples/external-secrets', 'deploy/examples/gitops'],
    tests: { [examples]: ['renders with Helm 4 and Helm 3, and breaks no rule', 'objects beside the values of'] },
    cluster: ['example external-secrets', 'example gitops', 'objects beside the values of external-secrets'],
  },
  {
    row: 'HorizontalPodAutoscaler',
    files: [`${chart}/templates/hpa.yaml`, `${chart}/templates/scaledobject.yaml`],
    tests: { [ruleSet]: ['a count and an autoscaler never meet'], [rules]: ['scale from three pods on'] },
    cluster: ['the autoscaler adds pods under load', 'example keda'],
  },
  {
    row: 'PodDisruptionBudget',
    files: [`${chart}/templates/pdb.yaml`],
    tests: { [rules]: ['bring a disruption budget, policies, a quota and TLS'] },
    cluster: ['evictions stop at the disruption budget'],
  },
  {
    row: 'ServiceMonitor, dashboard, alerts',
    files: [`${chart}/templates/servicemonitor.yaml`, `${chart}/files/dashboard.json`, `${chart}/files/alerts.yaml`, 'docs/runbooks'],
    tests: {
      [monitoring]: [
        'ask only for metrics and labels there are',
        'have a runbook each',
        'are taken by Prometheus',
        'the dashboard is a bare model',
      ],
    },
    cluster: ['values-prod.yaml: every object is taken'],
  },
  {
    row: 'NetworkPolicy',
    files: [`${chart}/templates/networkpolicy.yaml`],
    tests: { [ruleSet]: ['every selector finds pods of the release'], [rules]: ['bring a disruption budget, policies, a quota and TLS'] },
    cluster: [
      'the cluster enforces network policies',
      'as installed: ',
      'with everything listed: ',
      'helm test passes with everything listed',
    ],
  },
  {
    row: 'ResourceQuota',
    files: [`${chart}/templates/resourcequota.yaml`],
    tests: {
      [rules]: ['bring a disruption budget, policies, a quota and TLS'],
      [ruleSet]: ['every container says what it needs and may take'],
    },
    cluster: ['a quota lets the release in'],
  },
  {
    row: 'standalone, multi-tenant, hybrid',
    files: ['deploy/examples/standalone', 'deploy/examples/multi-tenant', 'deploy/examples/hybrid'],
    tests: { [examples]: ['every example has a page with a command', 'renders with Helm 4 and Helm 3, and breaks no rule'] },
    cluster: [
      'example standalone',
      'example multi-tenant',
      'example hybrid',
      'keys, passwords and tokens are their own',
      'the token of one is refused by the other',
      "one tenant's server",
    ],
  },
  {
    row: 'troubleshooting',
    files: ['docs/how-to/troubleshoot.md'],
    tests: { [guide]: ['names only objects that the chart renders', '%s'] },
    cluster: [
      'doctor finds nothing on a sound release',
      'doctor names a store that is away',
      'doctor names a connection whose password is wrong',
    ],
  },
]

/** `docs/reference/seed-coverage.md`; throws when a row names a file or a test that is not there, or one that was never run. */
export function renderSeedCoverage(): string {
  const layers = readResults(layersPage)
  const cluster = readResults('bench/results/cluster.md')
  const lines = rows.map(({ row, files, tests, cluster: checks }) => {
    const proofs = Object.entries(tests).flatMap(([file, names]) => names.map((name) => proof(file, name)))
    const said = [sums(layers, Object.values(tests).flat()), `on a cluster: ${sums(cluster, checks)}`]
    return `| ${row} | ${files.map((file) => `[${file}](../../${file})`).join('<br>')} | ${proofs.join('<br>')} | ${said.join('<br>')} |`
  })
  return `${head(layers, cluster)}\n${lines.join('\n')}\n`
}

function proof(file: string, name: string): string {
  const text = readFileSync(join(rootFolder, file), 'utf8')
  if (!text.includes(`'${name}`)) throw new Error(`${file} has no test that begins with "${name}"`)
  return `[${name === '%s' ? pageOfGuide : name.replace(/:.*/, '')}](../../${file})`
}

const layersPage = 'bench/results/chart.md'
/** Tests of this name are named by what they look at, under this heading. */
const pageOfGuide = 'whoever comes from the first guide finds'

interface Results {
  readonly page: string
  readonly facts: Readonly<Record<string, string>>
  readonly tests: readonly { readonly name: string; readonly state: string }[]
}

/** A page that a run of tests wrote. */
function readResults(page: string): Results {
  const cells = readFileSync(join(rootFolder, page), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.slice(2).split(' | '))
  const tests = cells.flatMap(([name = '', state = '']) => {
    const word = state.replace(/ \|$/, '')
    return ['passed', 'failed', 'not run'].includes(word) ? [{ name, state: word }] : []
  })
  return { page, facts: Object.fromEntries(cells.map(([name = '', value = '']) => [name, value.replace(/ \|$/, '')])), tests }
}

/** How the tests under these names ended, those that did not pass by name. Throws where no test has that name. */
function sums({ page, tests }: Results, names: readonly string[]): string {
  const beginnings = names.map((name) => (name === '%s' ? pageOfGuide : name))
  const of = (beginning: string) => tests.filter(({ name }) => name.split(' › ').some((part) => part.startsWith(beginning)))
  const missing = beginnings.filter((beginning) => of(beginning).length === 0)
  if (missing.length > 0 && page === layersPage) throw new Error(`${page} has no result of "${missing.join('", "')}": record it again`)
  const all = [...new Set(beginnings.flatMap(of))]
  const others = all.filter((test) => test.state !== 'passed').map((test) => `${test.state}: ${test.name}`)
  return [`${all.length - others.length} passed`, ...others, ...missing.map((name) => `not run yet: ${name}`)].join('; ')
}

function head(layers: Results, cluster: Results): string {
  return `# The first guide, row by row

<!-- Generated by \`npm run generate\` from scripts/chart/seed-coverage.ts; do not edit. -->

What the first deployment guide describes, where it is today, the tests of \`npm test\` that hold it, and how they and the checks of
\`npm run test:cluster\` last ended.

Without a cluster: ${layers.facts['result']}, on ${layers.facts['date']} at ${layers.facts['commit']} ([all](../../${layers.page})).
On a cluster (Kubernetes ${cluster.facts['Kubernetes']}): ${cluster.facts['result']}, on ${cluster.facts['date']} at
${cluster.facts['commit']} ([all](../../${cluster.page})).

| row | delivered in | held by | last result |
|---|---|---|---|`
}
