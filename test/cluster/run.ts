import { fileURLToPath } from 'node:url'
import { kubectl, run } from './command.ts'
import { access, nodes, serverVersion } from './chapters/access.ts'
import { admission } from './chapters/admission.ts'
import { data, discovery } from './chapters/data.ts'
import { failures, sentinels } from './chapters/failures.ts'
import { ingress } from './chapters/ingress.ts'
import { install } from './chapters/install.ts'
import { manifests } from './chapters/manifests.ts'
import { network } from './chapters/network.ts'
import { tenants } from './chapters/tenants.ts'
import { updates } from './chapters/updates.ts'
import { House, images } from './house.ts'
import { commit, Report } from './report.ts'

// npm run test:cluster [-- CHAPTER…]: installs the chart into the current kubectl context and holds it to its promises.
// Images come from AISHELL_IMAGE, POSTGRES_IMAGE (with POSTGRES_MAJOR), REDIS_IMAGE and CLIENT_IMAGE; HELM names another
// helm, INGRESS_CLASS and INGRESS_URL an ingress controller, CLUSTER_NAMESPACE another namespace, KEEP=true leaves the release standing, REUSE=true takes one that stands.

const chapters = { updates, discovery, sentinels, failures, data, ingress, network, access, admission, manifests, tenants } as const
const wanted = process.argv.slice(2)
const house = new House(process.env['CLUSTER_NAMESPACE'] ?? 'aishell-test')
const report = new Report()
const startedAt = new Date()

const context = (await run('kubectl', ['config', 'current-context'])).stdout.trim()
if (context === '') {
  console.error('There is no kubectl context: bring up a cluster, or point KUBECONFIG at one.')
  process.exit(2)
}
const version = await serverVersion()
const nodeCount = (await nodes()).length
const helmVersion = (await run(process.env['HELM'] ?? 'helm', ['version', '--short'])).stdout.trim()
console.log(`On ${context}, Kubernetes ${version}, ${nodeCount} node(s); namespace ${house.namespace}`)
const isStanding = process.env['REUSE'] === 'true'
if (!isStanding) await house.remove()
if (isStanding || (await install(house, report))) {
  for (const [name, chapter] of Object.entries(chapters)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    await chapter(house, report).catch((error: unknown) =>
      report.check(`the chapter ${name} goes on to its end`, () => Promise.reject(error)),
    )
    write() // what is known so far, should the run be stopped
  }
} else {
  console.log(await kubectl('-n', house.namespace, 'get', 'pods,events', '-o', 'wide'))
}
if (process.env['KEEP'] !== 'true') {
  await house.remove()
  await run('kubectl', ['delete', 'namespace', `${house.namespace}-clients`, '--wait=false', '--ignore-not-found'])
}
write()
console.log(`\n${report.sums}`)
process.exitCode = report.failed === 0 ? 0 : 1

/** The page of results so far. */
function write(): void {
  const { aishell, postgres, redis, client } = images
  const facts = {
    date: startedAt.toISOString().slice(0, 16).replace('T', ' '),
    commit: commit(),
    Kubernetes: `${version}, ${nodeCount} node(s)`,
    Helm: helmVersion,
    images: `${aishell}, ${postgres} (PostgreSQL ${images.postgresMajor}), ${redis}, ${client}`,
  }
  const when = `${facts.date} at ${facts.commit}, by \`npm run test:cluster${wanted.length === 0 ? '' : ` -- ${wanted.join(' ')}`}\``
  report.write(fileURLToPath(new URL('../../bench/results/cluster.md', import.meta.url)), facts, when)
}
