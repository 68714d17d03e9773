import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { manifestsFolder } from '../../../scripts/chart/render-manifests.ts'
import { commandsOf } from '../../support/chart-commands.ts'
import { parseManifests, type Manifest } from '../../support/chart.ts'
import { kubectl, must, run } from '../command.ts'
import { House, images } from '../house.ts'
import type { Report } from '../report.ts'

/** The plain manifests, by the commands of their page in its order, in a namespace and on images of this suite. */
export async function manifests(first: House, report: Report): Promise<void> {
  report.chapter('Plain manifests')
  const house = new House(`${first.namespace}-plain`)
  try {
    const isUp = await report.check('every command of their page works, in its order, and the pods get ready', async () => {
      const commands = commandsOf(join(manifestsFolder, 'README.md')).filter((one) => !one.startsWith('cd '))
      for (const command of commands) await obey(command, house.namespace)
      await kubectl('-n', house.namespace, 'rollout', 'status', 'deployment/aishell', '--timeout=300s')
      return `${commands.length} commands`
    })
    if (!isUp) return
    await report.check('doctor finds nothing on them', async () => {
      const said = await house.aishell('doctor')
      if (said.code !== 0) throw new Error(said.stdout + said.stderr)
    })
  } finally {
    await run('kubectl', ['delete', 'namespace', house.namespace, '--wait', '--timeout=180s', '--ignore-not-found'])
  }
}

async function obey(command: string, namespace: string): Promise<void> {
  const words = command.split(' ')
  if (words[0] === 'sh') return void (await must('env', [`NAMESPACE=${namespace}`, 'sh', join(manifestsFolder, words[1] ?? '')]))
  if (words[0] !== 'kubectl' || words[1] !== 'apply') throw new Error(`This test does not know the command: ${command}`)
  const files = words.filter((_, index) => words[index - 1] === '-f')
  const items = files
    .flatMap((file) => parseManifests(readFileSync(join(manifestsFolder, file), 'utf8')))
    .map((one) => moved(one, namespace))
  await must('kubectl', ['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
}

/** The same object in another namespace, on other images. */
function moved(manifest: Manifest, namespace: string): Manifest {
  const ours: readonly (readonly [RegExp, string])[] = [
    [/\.aishell\.svc\b/g, `.${namespace}.svc`],
    [/"namespace":"aishell"/g, `"namespace":"${namespace}"`],
    [/docker\.io\/aishell\/aishell:[\w.-]+/g, images.aishell],
    [/docker\.io\/library\/postgres:[\w.-]+/g, images.postgres],
    [/docker\.io\/valkey\/valkey:[\w.-]+/g, images.redis],
  ]
  const text = ours.reduce((all, [theirs, own]) => all.replaceAll(theirs, own), JSON.stringify(manifest))
  const copy = JSON.parse(text) as Manifest // the same shape, other images
  return copy.kind === 'Namespace' ? { ...copy, metadata: { ...copy.metadata, name: namespace } } : copy
}
