/** Where a name of the first guide is today. */
export type Place =
  | { readonly file: string }
  /** A value of the chart that works under the same path. */
  | { readonly value: string }
  /** A value that is refused with a sentence. */
  | { readonly refused: string; readonly example: unknown }
  /** A setting of the same name. */
  | { readonly setting: string }
  /** A sentence in docs/explanation/differences-from-the-guide.md that holds this text. */
  | { readonly difference: string }
  /** A command of a page of ours that begins so. */
  | { readonly command: string; readonly page: string }

const chart = 'deploy/aishell-chart'
const guide = 'docs/how-to/deploy-on-kubernetes.md'
const troubleshoot = 'docs/how-to/troubleshoot.md'
const manifests = 'deploy/manifests/README.md'

const same = (...paths: readonly string[]): Record<string, Place> => Object.fromEntries(paths.map((path) => [path, { value: path }]))

/** Files: of the plain manifests, and of the chart. */
export const guideFiles: Readonly<Record<string, Place>> = {
  ...Object.fromEntries(
    'namespace configmap secrets deployment service ingress pvc postgresql-statefulset redis-statefulset rbac external-secret hpa pdb servicemonitor grafana-dashboard'
      .split(' ')
      .map((name) => [`${name}.yaml`, { file: `deploy/manifests/${name}.yaml` }]),
  ),
  ...Object.fromEntries(
    [
      'Chart.yaml',
      'values.yaml',
      'values-prod.yaml',
      'values-staging.yaml',
      'templates/NOTES.txt',
      'templates/_helpers.tpl',
      'templates/configmap.yaml',
      'templates/secrets.yaml',
      'templates/deployment.yaml',
      'templates/service.yaml',
      'templates/ingress.yaml',
      'templates/hpa.yaml',
      'templates/pdb.yaml',
      'templates/serviceaccount.yaml',
      'templates/tests/test-connection.yaml',
      'charts/postgresql',
      'charts/redis',
    ].map((path) => [`aishell-chart/${path}`, { file: `${chart}/${path}` }]),
  ),
}

/** Values of the guide's values.yaml. */
export const guideValues: Readonly<Record<string, Place>> = {
  ...same('replicaCount', 'image.repository', 'image.tag', 'image.pullPolicy', 'imagePullSecrets', 'nameOverride', 'fullnameOverride'),
  ...same(
    'serviceAccount.create',
    'serviceAccount.annotations',
    'serviceAccount.name',
    'podAnnotations',
    'podSecurityContext',
    'securityContext',
  ),
  ...same(
    'service.type',
    'service.port',
    'service.targetPort',
    'ingress.enabled',
    'ingress.className',
    'ingress.annotations',
    'ingress.hosts',
    'ingress.tls',
  ),
  ...same('resources', 'autoscaling.enabled', 'autoscaling.minReplicas', 'autoscaling.maxReplicas'),
  ...same('autoscaling.targetCPUUtilizationPercentage', 'autoscaling.targetMemoryUtilizationPercentage'),
  ...same('persistence.enabled', 'persistence.storageClass', 'persistence.size', 'persistence.accessMode'),
  ...same('postgresql.enabled', 'postgresql.auth.username', 'postgresql.auth.database', 'postgresql.primary.persistence.size'),
  ...same('redis.enabled', 'redis.master.persistence.size'),
  ...same('config.appEnv', 'config.logLevel', 'config.multiTenancyEnabled', 'config.rbacEnabled', 'config.auditEnabled'),
  'postgresql.auth.password': { refused: 'postgresql.auth.password', example: { postgresql: { auth: { password: 'x' } } } },
  'redis.auth.password': { refused: 'redis.auth.password', example: { redis: { auth: { password: 'x' } } } },
  'secrets.anthropicApiKey': { refused: 'secrets.anthropicApiKey', example: { secrets: { anthropicApiKey: 'x' } } },
  'secrets.openaiApiKey': { refused: 'secrets.openaiApiKey', example: { secrets: { openaiApiKey: 'x' } } },
  'secrets.secretKey': { refused: 'secrets.secretKey', example: { secrets: { secretKey: 'x' } } },
  'secrets.jwtSecret': { refused: 'secrets.jwtSecret', example: { secrets: { jwtSecret: 'x' } } },
}

/** Variables of the guide's ConfigMap and Secret. */
export const guideSettings: Readonly<Record<string, Place>> = Object.fromEntries(
  (
    'APP_ENV LOG_LEVEL DB_HOST DB_PORT DB_NAME DB_USER DB_PASSWORD REDIS_HOST REDIS_PORT REDIS_PASSWORD LLM_PROVIDER LLM_MODEL ' +
    'MULTI_TENANCY_ENABLED RBAC_ENABLED AUDIT_ENABLED SECRET_KEY JWT_SECRET ANTHROPIC_API_KEY OPENAI_API_KEY'
  )
    .split(' ')
    .map((name) => [name, { setting: name }]),
)

/** Commands, by how they begin. */
export const guideCommands: Readonly<Record<string, Place>> = {
  'kubectl cluster-info': { command: 'kubectl cluster-info', page: guide },
  'kubectl get nodes': { command: 'kubectl get nodes', page: guide },
  'kubectl create namespace aishell': { command: 'kubectl create namespace aishell', page: guide },
  'kubectl config set-context --current': { command: 'kubectl config set-context --current', page: guide },
  'kubectl apply -f': { command: 'kubectl apply -f namespace.yaml', page: manifests },
  'kubectl get all': { command: 'kubectl get pods', page: troubleshoot },
  'kubectl get pvc': { command: 'kubectl get pvc', page: troubleshoot },
  'kubectl get ingress': { difference: 'ingress-nginx' },
  'kubectl logs -f': { command: 'kubectl logs deployment/aishell', page: troubleshoot },
  'kubectl logs --previous': { command: 'kubectl logs deployment/aishell -n aishell --previous', page: troubleshoot },
  'kubectl get pods': { command: 'kubectl get pods', page: troubleshoot },
  'kubectl describe pod': { command: 'kubectl describe pod', page: troubleshoot },
  'kubectl get events': { command: 'kubectl get events', page: troubleshoot },
  'kubectl exec -it': { difference: '/bin/bash' },
  'kubectl run debug': { difference: 'kubectl run debug' },
  'helm repo add': { difference: 'helm repo add bitnami' },
  'helm repo update': { difference: 'helm repo add bitnami' },
  'helm install aishell': { command: 'helm install aishell', page: guide },
  'helm upgrade aishell': { command: 'helm upgrade aishell', page: guide },
  'helm uninstall aishell': { command: 'helm uninstall aishell', page: guide },
  'helm list': { command: 'helm list', page: guide },
  'helm status aishell': { command: 'helm status aishell', page: guide },
}
