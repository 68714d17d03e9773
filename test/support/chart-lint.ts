import { needTool, tell } from './chart.ts'

/** What kube-score asks for and the chart does not do, each with its reason; docs/decisions has the page. */
export const waived: Readonly<Record<string, string>> = {
  'container-security-context-user-group-id':
    'The server is uid 1000, as the first guide says, and the official images of PostgreSQL and Redis are 999; every uid can be set.',
  'container-image-pull-policy':
    'Images are named by tag or digest; pulling what a node has would fail where no registry is reached. Every policy can be set.',
}
/** Waived where KEDA's ScaledObject, which kube-score does not know, holds the count of pods. */
const waivedWithKeda = 'deployment-replicas'
/** Checks that kube-score makes on request only. */
const asked = ['container-seccomp-profile', 'container-ports-check']

/** What kube-score finds in the objects, one line each; empty when nothing is left but what is waived. */
export function lintFindings(context: { skip(reason: string): never }, yaml: string): readonly string[] {
  const args = ['score', '-', '--output-format', 'json', '--kubernetes-version', 'v1.31']
  const ids = [...Object.keys(waived), ...(/^kind: ScaledObject$/m.test(yaml) ? [waivedWithKeda] : [])]
  for (const id of ids) args.push('--ignore-test', id)
  for (const id of asked) args.push('--enable-optional-test', id)
  // An annotation cannot waive anything: the list above is the whole of it.
  args.push('--disable-ignore-checks-annotations')
  // A label that Kubernetes itself puts on the pods of a StatefulSet.
  const known = yaml.replaceAll(/^ *statefulset\.kubernetes\.io\/pod-name: .*\n/gm, '')
  const { said } = tell(needTool(context, 'kube-score'), args, known)
  const objects = JSON.parse(said) as readonly ScoredObject[] // kube-score -o json
  if (objects.length === 0) return ['no object was looked at']
  return objects.flatMap(({ type_meta: { kind }, object_meta: { name }, checks }) =>
    checks
      .filter(({ skipped, grade }) => !skipped && grade < allRight)
      .flatMap(({ check, comments }) =>
        (comments ?? []).map(({ path, summary }) => `${kind}/${name} ${path ?? ''} ${check.id}: ${summary}`),
      ),
  )
}

/** Grades are 1 critical, 5 warning, 7 almost right, 10 right. */
const allRight = 10

interface ScoredObject {
  readonly type_meta: { readonly kind: string }
  readonly object_meta: { readonly name: string }
  readonly checks: readonly {
    readonly check: { readonly id: string }
    readonly grade: number
    readonly skipped: boolean
    readonly comments: readonly { readonly path?: string; readonly summary: string }[] | null
  }[]
}
