import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { renderOpenApi } from '../src/surfaces/http/index.ts'
import { renderCliReference } from '../src/surfaces/terminal/index.ts'
import { renderErrorReference } from './generate-errors.ts'
import { renderMetricsReference } from './generate-metrics.ts'
import { renderEnvExample, renderSettingsReference } from './generate-settings.ts'

/** Everything that is generated, committed and diffed: path → how it is made. */
const generated: Readonly<Record<string, () => string | Promise<string>>> = {
  '.env.example': renderEnvExample,
  'docs/reference/settings.md': renderSettingsReference,
  'docs/reference/openapi.json': renderOpenApi,
  'docs/reference/cli.md': renderCliReference,
  'docs/reference/metrics.md': renderMetricsReference,
  'docs/reference/errors.md': renderErrorReference,
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
