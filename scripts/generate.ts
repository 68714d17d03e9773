import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { renderOpenApi, renderPermissions } from '../src/surfaces/http/index.ts'
import { renderCliReference } from '../src/surfaces/terminal/index.ts'
import { renderChartReadme } from './chart/chart-readme.ts'
import { renderSettingsTemplate } from './chart/chart-settings.ts'
import { renderChartYaml } from './chart/chart-version.ts'
import { renderSeedCoverage } from './chart/seed-coverage.ts'
import { renderDashboard } from './chart/dashboard.ts'
import { renderValuesSchema } from './chart/values-schema.ts'
import { renderErrorReference } from './generate-errors.ts'
import { renderMetricsReference } from './generate-metrics.ts'
import { renderVerifier } from './generate-verifier.ts'
import { renderEnvExample, renderSettingsReference } from './generate-settings.ts'

/** Everything that is generated, committed and diffed: path → how it is made. */
const generated: Readonly<Record<string, () => string | Promise<string>>> = {
  '.env.example': renderEnvExample,
  'docs/reference/settings.md': renderSettingsReference,
  'docs/reference/openapi.json': renderOpenApi,
  'docs/reference/permissions.md': renderPermissions,
  'docs/reference/cli.md': renderCliReference,
  'docs/reference/metrics.md': renderMetricsReference,
  'docs/reference/errors.md': renderErrorReference,
  'deploy/aishell-chart/Chart.yaml': () => renderChartYaml('Chart.yaml'),
  'deploy/aishell-chart/charts/postgresql/Chart.yaml': () => renderChartYaml('charts/postgresql/Chart.yaml'),
  'deploy/aishell-chart/charts/redis/Chart.yaml': () => renderChartYaml('charts/redis/Chart.yaml'),
  'deploy/aishell-chart/templates/_settings.tpl': renderSettingsTemplate,
  'deploy/aishell-chart/values.schema.json': renderValuesSchema,
  'docs/reference/seed-coverage.md': renderSeedCoverage,
  'deploy/aishell-chart/files/dashboard.json': renderDashboard,
  'deploy/aishell-chart/README.md': renderChartReadme,
  'bin/verify-trail.mjs': renderVerifier,
}

const isCheck = process.argv.includes('--check')
const stale: string[] = []
for (const [path, render] of Object.entries(generated)) {
  const wanted = await render()
  if (read(path) === wanted) continue
  stale.push(path)
  if (isCheck) continue
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, wanted)
}
if (stale.length > 0) console.log(isCheck ? `stale, run npm run generate: ${stale.join(', ')}` : `written: ${stale.join(', ')}`)
process.exit(isCheck && stale.length > 0 ? 1 : 0)

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null // not made yet
  }
}
