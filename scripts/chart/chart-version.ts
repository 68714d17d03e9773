import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { chartFolder } from './chart-folder.ts'

/** A Chart.yaml with the version of package.json in every place that carries one. */
export function renderChartYaml(path: string): string {
  const text = readFileSync(join(chartFolder, path), 'utf8')
  return text
    .replace(/^version: .*$/m, `version: ${packageJson.version}`)
    .replace(/^appVersion: "\d+\.\d+\.\d+.*"$/m, `appVersion: "${packageJson.version}"`)
    .replace(/^( {4})version: .*$/gm, `$1version: ${packageJson.version}`)
}
