import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { kubernetesVersions } from '../../scripts/chart/schemas.ts'
import { manifestsFolder, renderManifests } from '../../scripts/chart/render-manifests.ts'
import { needTool, parseManifests, type Manifest, type Tree } from '../support/chart.ts'
import { commandsOf } from '../support/chart-commands.ts'
import { chartRules } from '../support/chart-rules.ts'
import { schemaFindings } from '../support/chart-schemas.ts'

const textOf = (file: string): string => readFileSync(join(manifestsFolder, file), 'utf8')
const rendered = readdirSync(manifestsFolder).filter((file) => file.endsWith('.yaml') && file !== 'values.yaml')
const objectFiles = rendered.filter((file) => file !== 'kustomization.yaml')
const kustomization = parseManifests(textOf('kustomization.yaml'))[0] as Tree
const applied: readonly Manifest[] = (kustomization.resources as readonly string[]).flatMap((file) => parseManifests(textOf(file)))

describe('the plain manifests', () => {
  test('are what the chart renders', (context) => {
    needTool(context, 'helm')
    const wanted = renderManifests()
    expect(Object.keys(wanted).toSorted()).toEqual(rendered.toSorted())
    for (const [file, text] of Object.entries(wanted)) expect(textOf(file), `${file}: run scripts/chart/render-manifests.ts`).toBe(text)
  })

  test('are under the names of the first guide', () => {
    const names =
      'namespace configmap secrets deployment service ingress pvc postgresql-statefulset redis-statefulset rbac external-secret hpa pdb'
    const files = [...names.split(' '), 'servicemonitor', 'grafana-dashboard'].map((name) => `${name}.yaml`)
    expect(files.filter((file) => !rendered.includes(file))).toEqual([])
  })

  test.for(kubernetesVersions)('are what Kubernetes %s takes', (version, context) => {
    expect(schemaFindings(context, version, objectFiles.map(textOf).join('\n---\n'))).toEqual([])
  })

  test('break no rule of the chart, but for what Helm alone does', () => {
    const others = Object.entries(chartRules).filter(([rule]) => rule !== 'what was made for the first time outlives the release')
    expect(others.flatMap(([, find]) => find(applied))).toEqual([])
  })

  test('hold no value that could be deployed unchanged', () => {
    const secrets = applied.filter((one) => one.kind === 'Secret')
    expect(secrets).toHaveLength(4)
    expect(secrets.filter((one) => one.data !== undefined || one['stringData'] !== undefined)).toEqual([])
    expect(objectFiles.filter((file) => /change-?me|your-.*-key|generate-a/i.test(textOf(file)))).toEqual([])
  })

  test('have every missing value made by the script, and no other', () => {
    const wanted = applied
      .filter((one) => one.kind === 'Secret')
      .flatMap((one) => (one.metadata.annotations?.['aishell.io/keys'] ?? '').split(' ').map((key) => `${one.metadata.name} ${key}`))
    const made = [...textOf('make-secrets.sh').matchAll(/^fill (\S+ \S+) /gm)].map((match) => match[1])
    expect(new Set(made)).toEqual(new Set(wanted))
    expect(made).toHaveLength(wanted.length)
  })

  test('are all applied by the commands of their page, each file once', () => {
    const commands = commandsOf(join(manifestsFolder, 'README.md')).filter((command) => command.startsWith('kubectl apply -f'))
    const files = commands.flatMap((command) => [...command.matchAll(/-f (\S+)/g)].map((match) => match[1]))
    expect(new Set(files)).toEqual(new Set(kustomization.resources as readonly string[]))
    expect(files).toHaveLength(kustomization.resources.length)
  })
})
