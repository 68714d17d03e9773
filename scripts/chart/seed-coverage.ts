import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootFolder } from './chart-folder.ts'

interface Row {
  /** What the first guide describes. */
  readonly row: string
  readonly files: readonly string[]
  /** Test file → beginnings of names of tests in it. */
  readonly tests: Readonly<Record<string, readonly string[]>>
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
    tests: { [ruleSet]: ['every image is pinned, and pulled as it was said'] },
  },
  {
    row: 'namespace, restricted Pod Security',
    files: ['deploy/manifests/namespace.yaml'],
    tests: { [ruleSet]: ['every pod may run where Pod Security is restricted'] },
  },
  {
    row: 'ConfigMap, Secrets',
    files: [`${chart}/templates/configmap.yaml`, `${chart}/templates/secrets.yaml`],
    tests: {
      [settings]: ['every setting of AI-Shell', 'every key that the chart sets'],
      [ruleSet]: ['every Secret has one source at most', 'no secret stands in an environment or in plain sight'],
      [rules]: ['every Secret that is mounted is brought along'],
    },
  },
  {
    row: 'Deployment',
    files: [`${chart}/templates/deployment.yaml`],
    tests: {
      [ruleSet]: ['every container says what it needs and may take', 'no pod carries a token unasked'],
      [rules]: ['are refused with a sentence'],
    },
  },
  { row: 'Service', files: [`${chart}/templates/service.yaml`], tests: { [ruleSet]: ['every selector finds pods of the release'] } },
  {
    row: 'Ingress, Gateway',
    files: [`${chart}/templates/ingress.yaml`, `${chart}/templates/httproute.yaml`, 'deploy/examples/gateway'],
    tests: { [ruleSet]: ['metrics are on no public way'], [rules]: ['bring a disruption budget, policies, a quota and TLS'] },
  },
  { row: 'PersistentVolumeClaim', files: [`${chart}/templates/pvc.yaml`], tests: { [rules]: ['are refused with a sentence'] } },
  {
    row: 'PostgreSQL',
    files: [`${chart}/charts/postgresql`, `${chart}/templates/cnpg-cluster.yaml`, 'deploy/examples/external-database'],
    tests: {
      'test/integration/chart-database.test.ts': ['a new volume gets an owner'],
      [examples]: ['is what the oldest and the newest Kubernetes take'],
    },
  },
  {
    row: 'Redis',
    files: [`${chart}/charts/redis`, 'deploy/examples/sentinel'],
    tests: { [rules]: ['keep the Sentinels apart from the data'] },
  },
  {
    row: 'ServiceAccount, Role, RoleBinding',
    files: [`${chart}/templates/rbac.yaml`, `${chart}/templates/serviceaccount.yaml`],
    tests: { [rules]: ['is off by default: no token, no right to any Secret', 'gives the pods of the server a token'] },
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
  },
  {
    row: 'chart: structure, values, tests, notes',
    files: [chart, `${chart}/values.schema.json`],
    tests: {
      [guide]: ['%s', 'what the guide names, all of it'],
      'test/integration/chart-random.test.ts': ['any values that the schema admits'],
    },
  },
  {
    row: 'External Secrets',
    files: [`${chart}/templates/external-secret.yaml`, 'deploy/examples/external-secrets', 'deploy/examples/gitops'],
    tests: { [examples]: ['renders with Helm 4 and Helm 3, and breaks no rule', 'objects beside the values of'] },
  },
  {
    row: 'HorizontalPodAutoscaler',
    files: [`${chart}/templates/hpa.yaml`, `${chart}/templates/scaledobject.yaml`],
    tests: { [ruleSet]: ['a count and an autoscaler never meet'], [rules]: ['scale from three pods on'] },
  },
  {
    row: 'PodDisruptionBudget',
    files: [`${chart}/templates/pdb.yaml`],
    tests: { [rules]: ['bring a disruption budget, policies, a quota and TLS'] },
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
  },
  {
    row: 'NetworkPolicy',
    files: [`${chart}/templates/networkpolicy.yaml`],
    tests: { [ruleSet]: ['every selector finds pods of the release'], [rules]: ['bring a disruption budget, policies, a quota and TLS'] },
  },
  {
    row: 'ResourceQuota',
    files: [`${chart}/templates/resourcequota.yaml`],
    tests: {
      [rules]: ['bring a disruption budget, policies, a quota and TLS'],
      [ruleSet]: ['every container says what it needs and may take'],
    },
  },
  {
    row: 'standalone, multi-tenant, hybrid',
    files: ['deploy/examples/standalone', 'deploy/examples/multi-tenant', 'deploy/examples/hybrid'],
    tests: { [examples]: ['every example has a page with a command', 'renders with Helm 4 and Helm 3, and breaks no rule'] },
  },
  {
    row: 'troubleshooting',
    files: ['docs/how-to/troubleshoot.md'],
    tests: { [guide]: ['names only objects that the chart renders', '%s'] },
  },
]

/** `docs/reference/seed-coverage.md`; throws when a row names a file or a test that is not there. */
export function renderSeedCoverage(): string {
  const lines = rows.map(({ row, files, tests }) => {
    const proofs = Object.entries(tests).flatMap(([file, names]) => names.map((name) => proof(file, name)))
    return `| ${row} | ${files.map((file) => `[${file}](../../${file})`).join('<br>')} | ${proofs.join('<br>')} |`
  })
  return `${head}\n${lines.join('\n')}\n`
}

function proof(file: string, name: string): string {
  const text = readFileSync(join(rootFolder, file), 'utf8')
  if (!text.includes(`'${name}`)) throw new Error(`${file} has no test that begins with "${name}"`)
  return `[${name === '%s' ? 'whoever comes from the first guide finds' : name.replace(/:.*/, '')}](../../${file})`
}

const head = `# The first guide, row by row

<!-- Generated by \`npm run generate\` from scripts/chart/seed-coverage.ts; do not edit. -->

What the first deployment guide describes, where it is today, and the tests of \`npm test\` that hold it. What needs a cluster (admission, rolling
updates, fail-over, who reaches whom) is run by \`npm run test:cluster\`.

| row | delivered in | held by |
|---|---|---|`
