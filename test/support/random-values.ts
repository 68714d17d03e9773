import * as fc from 'fast-check'
import type { Schema } from '../../scripts/chart/schema-shapes.ts'

/** Texts that YAML, Go templates and shells like to misread. */
const awkward = [
  'text',
  '',
  'true',
  'null',
  '0123',
  '1e3',
  'with: colon',
  '# hash',
  'a "quoted" text',
  "it's",
  '{{ .Values }}',
  ' padded ',
  'ä→ü',
  'two\nlines',
]
const labelValues = ['a', 'true', '1', '0123', 'x.y-z_1', '']

/** What is handed on to Kubernetes, by the last key of its path; without an example, the empty one of its kind. */
const handedOn: Readonly<Record<string, readonly unknown[]>> = {
  affinity: [
    {},
    {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }] },
      },
    },
  ],
  tolerations: [[], [{ key: 'a', operator: 'Exists', effect: 'NoSchedule' }]],
  topologySpreadConstraints: [
    [],
    [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { a: 'b' } } }],
  ],
  podSecurityContext: [{}, { fsGroup: 2000, supplementalGroups: [3000] }],
  securityContext: [{}, { runAsUser: 2000 }],
  extraVolumes: [[], [{ name: 'extra', emptyDir: {} }]],
  extraVolumeMounts: [[], [{ name: 'extra', mountPath: '/extra' }]],
  behavior: [{}, { scaleDown: { stabilizationWindowSeconds: 10 } }],
  provider: [{}, { fake: { data: [] } }],
  from: [[], [{ namespaceSelector: { matchLabels: { a: 'b' } } }]],
  metricsFrom: [[], [{ podSelector: { matchLabels: { a: 'b' } } }]],
  to: [[{ ipBlock: { cidr: '10.0.0.0/8' } }], [{ podSelector: {} }]],
  valueFrom: [{ fieldRef: { fieldPath: 'metadata.name' } }],
  connections: [[], [{ name: 'warehouse', engine: 'postgres', target: { host: 'wh', database: 'wh', user: 'reader' } }]],
}

/** Values that the closed schema admits, a few at a time; whether they fit together is for the chart to say. */
export function randomValues(schema: Schema): fc.Arbitrary<unknown> {
  return objectOf(schema, '', 5)
}

function valueOf(schema: Schema, key: string): fc.Arbitrary<unknown> {
  if (schema['deprecated'] === true) return fc.constantFrom('', 'x', 3)
  if ('const' in schema) return fc.constant(schema['const'])
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]))
  const types = [schema['type']].flat()
  return fc.oneof(...types.map((type) => ofType(type, schema, key)))
}

function ofType(type: unknown, schema: Schema, key: string): fc.Arbitrary<unknown> {
  if (type === 'null') return fc.constant(null)
  if (type === 'boolean') return fc.boolean()
  if (type === 'integer') return wholeOf(schema)
  if (type === 'number') return fc.integer({ min: 1, max: 64 })
  if (type === 'string') return textOf(schema)
  if (type === 'array') return listOf(schema, key)
  return mapOf(schema, key)
}

function wholeOf({ minimum, maximum }: Schema): fc.Arbitrary<number> {
  const [min, max] = [Number(minimum ?? 0), Number(maximum ?? 100)]
  return fc.oneof(fc.integer({ min, max: Math.min(max, min + 20) }), fc.integer({ min, max }))
}

function textOf({ pattern, maxLength, minLength, format }: Schema): fc.Arbitrary<string> {
  if (format === 'uri') return fc.constantFrom('https://runbooks.example.com/a', 'http://x')
  if (typeof pattern !== 'string') return fc.constantFrom(...awkward)
  const [least, most] = [Number(minLength ?? 0), Number(maxLength ?? 80)]
  return fc.stringMatching(new RegExp(pattern)).filter((text) => text.length >= least && text.length <= most && !/[\n\r]/.test(text))
}

function listOf(schema: Schema, key: string): fc.Arbitrary<unknown> {
  const items = schema['items'] as Schema // every list of ours says what is in it
  const examples = handedOn[key]
  if (examples !== undefined) return fc.constantFrom(...examples)
  if (items['properties'] === undefined && items['type'] === 'object') return fc.constant([])
  const options = { minLength: Number(schema['minItems'] ?? 0), maxLength: 2 }
  return schema['uniqueItems'] === true ? fc.uniqueArray(valueOf(items, key), options) : fc.array(valueOf(items, key), options)
}

function mapOf(schema: Schema, key: string): fc.Arbitrary<unknown> {
  const rest = schema['additionalProperties']
  if (schema['properties'] !== undefined) return objectOf(schema, key, 3)
  if (typeof rest === 'object' && rest !== null) {
    const value = (rest as Schema)['type'] === 'string' ? fc.constantFrom(...labelValues) : valueOf(rest as Schema, key)
    return fc.dictionary(fc.constantFrom('example.com/a', 'b', 'c-d'), value, { maxKeys: 2 })
  }
  return fc.constantFrom(...(handedOn[key] ?? [{}]))
}

function objectOf(schema: Schema, key: string, most: number): fc.Arbitrary<unknown> {
  const properties = schema['properties'] as Readonly<Record<string, Schema>> // only called where there are some
  const required = (schema['required'] as readonly string[] | undefined) ?? []
  const optional = Object.keys(properties).filter((name) => !required.includes(name))
  return fc
    .subarray(optional, { minLength: Math.min(1, optional.length), maxLength: Math.min(most, optional.length) })
    .chain((chosen) =>
      fc.record(
        Object.fromEntries([...required, ...chosen].map((name) => [name, valueOf(properties[name] ?? {}, name === '' ? key : name)])),
      ),
    )
}
