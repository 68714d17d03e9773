import { hasSchemas, schemaLocations } from '../../scripts/chart/schemas.ts'
import { needTool, tell } from './chart.ts'

/** What kubeconform says against one Kubernetes version, strictly; empty when every object is valid. */
export function schemaFindings(context: { skip(reason: string): never }, kubernetesVersion: string, yaml: string): readonly string[] {
  const kubeconform = needTool(context, 'kubeconform')
  if (!hasSchemas()) throw new Error('The schemas are not built: node scripts/start.mjs run scripts/chart/build-tools.ts')
  // Argo CD's own kind: its module does not carry the schema.
  const args = ['-strict', '-summary', '-verbose', '-output', 'json', '-skip', 'Application', ...schemaLocations(kubernetesVersion)]
  const { said } = tell(kubeconform, args, yaml)
  const { resources, summary } = JSON.parse(said) as Report // kubeconform -output json
  const bad = resources.filter((one) => !['statusValid', 'statusSkipped'].includes(one.status))
  const findings = bad.map((one) => `${one.kind}/${one.name}: ${one.msg}`)
  return summary.valid + summary.invalid + summary.errors === 0 ? ['no object was looked at'] : findings
}

interface Report {
  readonly resources: readonly { readonly kind: string; readonly name: string; readonly status: string; readonly msg: string }[]
  readonly summary: { readonly valid: number; readonly invalid: number; readonly errors: number; readonly skipped: number }
}
