import { kubectl, kubectlJson, run } from '../command.ts'
import type { House } from '../house.ts'
import { podOf } from '../load.ts'
import type { Report } from '../report.ts'
import { images } from '../house.ts'

/** Pod Security admission, RBAC and quota, asked of the real API server. */
export async function access(house: House, report: Report): Promise<void> {
  report.chapter('Admission and rights')
  await report.check('the namespace refuses a pod that is not restricted', async () => {
    const refused = await run('kubectl', ['-n', house.namespace, 'run', 'plain', '--image', images.client, '--dry-run=server'])
    if (refused.code === 0 || !refused.stderr.includes('PodSecurity')) throw new Error(refused.stderr || 'it was let in')
  })
  await report.check('the service account may read two ConfigMaps by name and nothing else', async () => {
    const account = `system:serviceaccount:${house.namespace}:aishell`
    const listed = await kubectl('auth', 'can-i', '--list', '--no-headers', '-n', house.namespace, '--as', account)
    const rights = listed.split('\n').filter((line) => line.trim() !== '' && !/^(selfsubject|\s)/.test(line))
    const others = rights.filter(
      (line) => !/^configmaps +\[\] +\[aishell-\w+\] +\[get\]|^configmaps +\[\] +\[aishell-config aishell-files\] +\[get\]/.test(line),
    )
    if (others.length > 0) throw new Error(`it may ${others.join(' / ')}`)
    return rights.map((line) => line.replaceAll(/ +/g, ' ').trim()).join(' / ')
  })
  await report.check('a quota lets the release in and refuses one pod too many', async () => {
    await house.install({ resourceQuota: { enabled: true, hard: { pods: '12', 'requests.cpu': '4', 'limits.cpu': '20' } } })
    const pod = podOf(house.namespace, 'greedy', images.client, ['true']) as { spec: { containers: { resources: object }[] } }
    for (const container of pod.spec.containers)
      container.resources = { requests: { cpu: '8', memory: '1Mi' }, limits: { cpu: '8', memory: '1Mi' } }
    const refused = await run('kubectl', ['create', '--dry-run=server', '-f', '-'], JSON.stringify(pod))
    if (refused.code === 0 || !refused.stderr.includes('exceeded quota')) throw new Error(refused.stderr || 'it was let in')
    await house.install()
  })
}

/** Whether pods get metrics: the autoscaler needs them. */
export async function hasMetrics(): Promise<boolean> {
  return (await run('kubectl', ['get', '--raw', '/apis/metrics.k8s.io/v1beta1/nodes'])).code === 0
}

export async function nodes(): Promise<readonly string[]> {
  const { items } = await kubectlJson<{ readonly items: readonly { readonly metadata: { readonly name: string } }[] }>('get', 'nodes')
  return items.map((node) => node.metadata.name)
}

export const serverVersion = async (): Promise<string> => /Server Version: (\S+)/.exec(await kubectl('version'))?.[1] ?? 'unknown'
