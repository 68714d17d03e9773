import { containersOf, podsOf, type Manifest, type Texts, type Tree } from './chart.ts'

/** What must hold of every rendering, whatever the values; each rule gives its breaches, one line each. */
export const chartRules: Readonly<Record<string, (manifests: readonly Manifest[]) => readonly string[]>> = {
  'every pod may run where Pod Security is restricted': (manifests) =>
    podsOf(manifests).flatMap(({ owner, spec }) => [
      ...said(spec.securityContext?.runAsNonRoot === true, `${owner} may run as root`),
      ...said(spec.securityContext?.seccompProfile?.type === 'RuntimeDefault', `${owner} has no seccomp profile`),
      ...said(
        [spec.hostNetwork, spec.hostPID, spec.hostIPC].every((value) => value === undefined),
        `${owner} uses the host's namespaces`,
      ),
      ...(spec.volumes ?? [])
        .filter((volume: Tree) => 'hostPath' in volume)
        .map((volume: Tree) => `${owner} mounts the host: ${volume.name}`),
      ...containersOf(spec).flatMap(({ name, securityContext: context }) => [
        ...said(context?.allowPrivilegeEscalation === false, `${owner} ${name} may gain privileges`),
        ...said(context?.readOnlyRootFilesystem === true, `${owner} ${name} may write its root`),
        ...said(context?.capabilities?.drop?.includes('ALL') === true, `${owner} ${name} keeps capabilities`),
      ]),
    ]),

  'every container says what it needs and may take': (manifests) =>
    eachContainer(manifests, (container) =>
      ['requests', 'limits'].flatMap((kind) =>
        ['cpu', 'memory'].flatMap((what) => said(container.resources?.[kind]?.[what] !== undefined, `has no ${kind}.${what}`)),
      ),
    ),

  'every image is pinned, and pulled as it was said': (manifests) =>
    eachContainer(manifests, ({ image, imagePullPolicy }) => [
      ...said(/[:@]/.test(image.split('/').at(-1) ?? '') && !image.endsWith(':latest'), `runs ${image}, which may be anything tomorrow`),
      ...said(imagePullPolicy !== undefined, 'has no pull policy'),
    ]),

  'no pod carries a token unasked, and none is told of Services through its environment': (manifests) =>
    podsOf(manifests).flatMap(({ owner, spec }) => [
      ...said(spec.automountServiceAccountToken === false, `${owner} mounts a token`),
      ...said(spec.enableServiceLinks === false, `${owner} gets Service links`),
    ]),

  'no secret stands in an environment or in plain sight': (manifests) => {
    const values = manifests.filter((one) => one.kind === 'Secret').flatMap((one) => Object.values(one.data ?? {}))
    const plain = values
      .map((value) => Buffer.from(value, 'base64').toString())
      .filter((value) => value.length > 20 && !value.startsWith('-----'))
    const rest = JSON.stringify(manifests.filter((one) => one.kind !== 'Secret'))
    return [
      ...plain.filter((value) => rest.includes(value)).map(() => 'the value of a Secret stands in another object'),
      ...eachContainer(manifests, ({ env = [] }) =>
        env
          .filter((one: Tree) => one.valueFrom?.secretKeyRef !== undefined)
          .map((one: Tree) => `has the secret ${one.name} in its environment`),
      ),
    ]
  },

  'every Secret has one source at most': (manifests) => twice(secretSources(manifests)),

  'no object is rendered twice': (manifests) =>
    twice(manifests.map(({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.namespace ?? ''}/${metadata.name}`)),

  'every name is short enough for what Kubernetes makes of it': (manifests) =>
    manifests
      .filter(({ kind, metadata }) => metadata.name.length > (['CronJob', 'StatefulSet'].includes(kind) ? 52 : 63))
      .map(({ kind, metadata }) => `${kind} ${metadata.name} has ${metadata.name.length} characters`),

  'every selector finds pods of the release': (manifests) => {
    const pods = podsOf(manifests).map(({ metadata }) => (metadata.labels ?? {}) as Texts) // labels are texts
    return manifests.flatMap(({ kind, metadata, spec }) => {
      const selector = kind === 'Service' ? spec.selector : kind === 'PodDisruptionBudget' ? spec.selector.matchLabels : null
      const policy = kind === 'NetworkPolicy' ? (spec.podSelector.matchLabels ?? null) : null
      // Kubernetes itself puts that label on the pods of a StatefulSet.
      const wanted = Object.entries((selector ?? policy ?? {}) as Texts).filter(([key]) => key !== 'statefulset.kubernetes.io/pod-name')
      return said(
        wanted.length === 0 || pods.some((labels) => wanted.every(([key, value]) => labels[key] === value)),
        `${kind} ${metadata.name} selects nothing`,
      )
    })
  },

  'a count and an autoscaler never meet': (manifests) => {
    const scaled = manifests
      .filter((one) => ['HorizontalPodAutoscaler', 'ScaledObject'].includes(one.kind))
      .map((one) => one.spec.scaleTargetRef.name as string)
    return manifests
      .filter((one) => one.kind === 'Deployment' && scaled.includes(one.metadata.name) && one.spec.replicas !== undefined)
      .map((one) => `${one.metadata.name} has replicas and an autoscaler`)
  },

  'what was made for the first time outlives the release': (manifests) =>
    manifests
      .filter((one) => ['Secret', 'PersistentVolumeClaim', 'Cluster'].includes(one.kind))
      .filter((one) => one.metadata.annotations?.['helm.sh/resource-policy'] !== 'keep')
      .map((one) => `${one.kind} ${one.metadata.name} goes with the release`),

  'metrics are on no public way': (manifests) => {
    const services = manifests
      .filter((one) => one.kind === 'Service' && one.spec.ports.some((port: Tree) => port.targetPort === 'metrics'))
      .map((one) => one.metadata.name)
    const routed = JSON.stringify(manifests.filter((one) => ['Ingress', 'HTTPRoute'].includes(one.kind)))
    return services.filter((name) => routed.includes(`"${name}"`)).map((name) => `${name} is reachable from outside`)
  },
}

export function breaches(manifests: readonly Manifest[]): readonly string[] {
  return Object.entries(chartRules).flatMap(([rule, find]) => find(manifests).map((breach) => `${rule}: ${breach}`))
}

/** Names of the Secrets that the rendering brings, once per source. */
export function secretSources(manifests: readonly Manifest[]): readonly string[] {
  return manifests.flatMap(({ kind, metadata, spec }) => {
    if (kind === 'Secret') return [metadata.name]
    if (kind === 'ExternalSecret') return [spec.target.name as string]
    return kind === 'Certificate' ? [spec.secretName as string] : []
  })
}

export function mountedSecrets(manifests: readonly Manifest[]): readonly string[] {
  return podsOf(manifests).flatMap(({ spec }) =>
    (spec.volumes ?? []).flatMap((volume: Tree) => [
      ...(volume.secret === undefined ? [] : [volume.secret.secretName as string]),
      ...(volume.projected?.sources ?? []).flatMap((source: Tree) => (source.secret === undefined ? [] : [source.secret.name as string])),
    ]),
  )
}

function eachContainer(manifests: readonly Manifest[], find: (container: Tree) => readonly string[]): readonly string[] {
  return podsOf(manifests).flatMap(({ owner, spec }) =>
    containersOf(spec).flatMap((container) => find(container).map((breach) => `${owner} ${container.name} ${breach}`)),
  )
}

function said(isWell: boolean, breach: string): readonly string[] {
  return isWell ? [] : [breach]
}

function twice(names: readonly string[]): readonly string[] {
  return names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${name} is there twice`)
}
