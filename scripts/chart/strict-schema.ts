export type Json = Readonly<Record<string, unknown>>

const prefix = '#/definitions/'

/** Kubernetes writes these as strings and takes numbers too. */
const looser: Readonly<Record<string, Json>> = {
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { anyOf: [{ type: 'string' }, { type: 'integer' }] },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { anyOf: [{ type: 'string' }, { type: 'number' }] },
}

/** A definition and all it leads to, each closed: a field that is not there is an error. */
export function definitionsOf(root: string, all: Readonly<Record<string, Json>>): Json {
  const wanted: Record<string, unknown> = {}
  const waiting = [root]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (name in wanted) continue
    const definition = all[name] ?? {}
    wanted[name] = looser[name] ?? strict(definition)
    waiting.push(...referencesIn(definition))
  }
  return wanted
}

function referencesIn(node: unknown): readonly string[] {
  if (Array.isArray(node)) return node.flatMap(referencesIn)
  if (node === null || typeof node !== 'object') return []
  const own = '$ref' in node && typeof node.$ref === 'string' ? [node.$ref.slice(prefix.length)] : []
  return [...own, ...Object.values(node).flatMap(referencesIn)]
}

/** The same schema with every object that lists its fields closed to others, as the API server's strict checking has it. */
export function strict(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(strict)
  if (!isJson(node)) return node
  if (node['x-kubernetes-int-or-string'] === true) return { anyOf: [{ type: 'string' }, { type: 'integer' }] }
  const inner = Object.fromEntries(Object.entries(node).flatMap(([key, value]) => entryOf(key, value)))
  const isOpen = node['x-kubernetes-preserve-unknown-fields'] === true || node['x-kubernetes-embedded-resource'] === true
  return isJson(node['properties']) && node['additionalProperties'] === undefined && !isOpen
    ? { ...inner, additionalProperties: false }
    : inner
}

/** What only the API server can judge is left out. */
function entryOf(key: string, value: unknown): readonly (readonly [string, unknown])[] {
  if (key.startsWith('x-kubernetes-') || ['format', 'default', 'description', 'nullable'].includes(key)) return []
  if (key === 'properties' && isJson(value))
    return [[key, Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, strict(schema)]))]]
  return [[key, strict(value)]]
}

function isJson(node: unknown): node is Json {
  return node !== null && typeof node === 'object' && !Array.isArray(node)
}
