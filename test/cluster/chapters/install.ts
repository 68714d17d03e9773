import { kubectl, kubectlJson, must, until } from '../command.ts'
import type { House } from '../house.ts'
import type { Report } from '../report.ts'

/** A first install, a second one that changes nothing, and what a person does next. */
export async function install(house: House, report: Report): Promise<boolean> {
  report.chapter('Install')
  await house.prepare()
  const isUp = await report.check('helm install gives a ready release in a restricted namespace', async () => {
    const startedMs = performance.now()
    await house.install()
    return `${((performance.now() - startedMs) / 1000).toFixed(0)} s until everything was ready`
  })
  if (!isUp) return false
  await report.check('no pod carries an API token', async () => {
    for (const { metadata } of await house.servers()) {
      const found = await house.exec(metadata.name, 'node', '-e', "console.log(require('fs').existsSync('/var/run/secrets/kubernetes.io'))")
      if (!found.stdout.includes('false')) throw new Error(`${metadata.name} has one`)
    }
  })
  await report.check('a question is answered inside the release', async () => {
    await house.makeShop()
    await until('an answer', 60, async () => {
      const asked = await house.aishell('sql', '-c', 'shop', 'SELECT name FROM item WHERE id = 7', '--json')
      return asked.stdout.includes('item 7') ? true : asked.stderr || asked.stdout
    })
  })
  await report.check('helm test passes', async () => {
    await house.helm('test', house.release, '--timeout', '3m')
  })
  await report.check('the same upgrade again changes no Secret and restarts no pod', async () => {
    const before = await fingerprint(house)
    await house.install()
    if ((await fingerprint(house)) !== before) throw new Error('Secrets or pods changed')
  })
  await report.check('server-side apply of the rendered release is accepted by the API server', async () => {
    const manifest = await house.helm('get', 'manifest', house.release)
    await must(
      'kubectl',
      ['apply', '--server-side', '--dry-run=server', '--force-conflicts', '--field-manager', 'test', '-f', '-'],
      manifest,
    )
  })
  return true
}

async function fingerprint(house: House): Promise<string> {
  const secrets = await kubectlJson<{
    readonly items: readonly { readonly metadata: { readonly name: string }; readonly data?: object }[]
  }>('-n', house.namespace, 'get', 'secrets', '--field-selector', 'type=Opaque')
  const pods = await kubectl('-n', house.namespace, 'get', 'pods', '-o', 'jsonpath={.items[*].metadata.uid}')
  return JSON.stringify([secrets.items.map(({ metadata, data }) => [metadata.name, data]), pods.split(' ').toSorted()])
}
