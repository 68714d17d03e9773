/** A JSON schema of the few kinds that values have; `sample` is for the test that renders random values. */
export interface Schema {
  readonly [keyword: string]: unknown
}

type Extra = Readonly<Record<string, unknown>>

/** A closed object: what is not named is refused. */
export function closed(properties: Readonly<Record<string, Schema>>, extra: Extra = {}): Schema {
  return { type: 'object', additionalProperties: false, properties, ...extra }
}

export function text(description: string, extra: Extra = {}): Schema {
  return { type: 'string', description, ...extra }
}

export function flag(description: string): Schema {
  return { type: 'boolean', description }
}

export function whole(description: string, [minimum, maximum]: readonly [number, number], extra: Extra = {}): Schema {
  return { type: 'integer', minimum, maximum, description, ...extra }
}

export function oneOf(description: string, choices: readonly string[]): Schema {
  return { type: 'string', enum: [...choices], description }
}

export function orNull(schema: Schema): Schema {
  return { ...schema, type: [schema['type'], 'null'] }
}

export function listOf(description: string, items: Schema, extra: Extra = {}): Schema {
  return { type: 'array', items, description, ...extra }
}

/** Names and texts, such as labels and annotations. */
export function textMap(description: string): Schema {
  return { type: 'object', additionalProperties: { type: 'string' }, description }
}

/** Handed on to Kubernetes as it is; the API server checks it. */
export function handedOn(description: string, type: 'object' | 'array' = 'object'): Schema {
  return type === 'array' ? { type, items: { type: 'object' }, description } : { type, description }
}

/** Anything, so that templates/validate.yaml can say what to write in its place. */
export function renamed(instead: string): Schema {
  return { description: `Renamed: ${instead}`, deprecated: true }
}

export const name = { pattern: '^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$', maxLength: 253 } as const
/** A name that must be there. */
export const label = { pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', maxLength: 253 } as const
export const quantity = { type: ['string', 'number'], pattern: '^[0-9]+(\\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi|E|Ei)?$' } as const
export const size = { pattern: '^[1-9][0-9]*(Ki|Mi|Gi|Ti|Pi|M|G|T)$' } as const
export const duration = { pattern: '^[0-9]{1,5}(h|m|s|ms)$' } as const
/** Waiting times go into a YAML scalar unquoted. */
export const seconds = [0, 86_400] as const

export const accessMode = oneOf('How the claim is mounted.', ['ReadWriteOnce', 'ReadWriteOncePod', 'ReadWriteMany'])

export function resources(of: string): Schema {
  const amounts = closed({
    cpu: { ...quantity, description: 'Cores.' },
    memory: { ...quantity, description: 'Bytes.' },
    'ephemeral-storage': { ...quantity, description: 'Bytes.' },
  })
  return closed({ requests: amounts, limits: amounts }, { description: `Requests and limits of ${of}.` })
}

export function image(of: string): Schema {
  return closed(
    {
      registry: text('Registry; global.imageRegistry wins.', { pattern: '^[a-zA-Z0-9.:/-]*$' }),
      repository: text('Repository in it.', { pattern: '^[a-z0-9][a-z0-9._/-]*$' }),
      tag: { type: ['string', 'number'], description: 'Tag.', pattern: '^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$' },
      digest: text('sha256:…; wins over the tag.', { pattern: '^(sha256:[0-9a-f]{64})?$' }),
      pullPolicy: oneOf('When it is pulled.', ['Always', 'IfNotPresent', 'Never']),
    },
    { description: `Image of ${of}.` },
  )
}

export function probe(of: string): Schema {
  return closed(
    {
      initialDelaySeconds: whole('First look after.', seconds),
      periodSeconds: whole('Seconds between two looks.', [1, 3600]),
      timeoutSeconds: whole('Longest wait for one.', [1, 600]),
      failureThreshold: whole('Failures in a row that count.', [1, 10_000]),
    },
    { description: `${of} probe.` },
  )
}

/** Where a Secret comes from, and its name. */
export function secretSource(holds: string, extra: readonly string[] = []): Readonly<Record<string, Schema>> {
  return {
    source: oneOf('Exactly one source.', ['generate', 'existingSecret', 'externalSecrets', ...extra]),
    name: text(`Name of the Secret with ${holds}; empty: the chart's own name.`, name),
  }
}
