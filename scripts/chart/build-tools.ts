import { buildSchemas } from './schemas.ts'
import { buildTool, hasGo, toolNames } from './tools.ts'

/** Builds the programs and schemas that the chart's tests need, once; later runs find them in the user's cache. */
if (!hasGo()) {
  console.error('Go is needed to build helm, kubeconform, kube-score and promtool. Install Go 1.25 or newer, then run this again.')
  process.exit(1)
}
for (const name of toolNames) {
  const startedMs = performance.now()
  const path = buildTool(name)
  console.log(`${name}: ${path} (${((performance.now() - startedMs) / 1000).toFixed(0)} s)`)
}
const startedMs = performance.now()
buildSchemas()
console.log(`schemas of Kubernetes and of custom resources (${((performance.now() - startedMs) / 1000).toFixed(0)} s)`)
