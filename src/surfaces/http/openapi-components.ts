type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

const prefix = '#/components/schemas/'

/** Shapes that travel inside a stream, where no schema of the document points at them. */
const streamed = ['AnswerEvent', 'RowsEnd']

/**
 * Each shape comes twice, as it may be sent (`…Input`) and as it is answered. Keeps those that are used, and gives a
 * shape its plain name where only one of the two is.
 */
export function tidyComponents<Document extends object>(document: Document): Document {
  const text = JSON.parse(JSON.stringify(document)) as { [key: string]: Json } // a document is plain JSON
  const components = objectAt(text, 'components')
  const schemas = objectAt(components, 'schemas')
  const used = usedNames({ ...text, components: null }, schemas)
  const kept: { [key: string]: Json } = {}
  for (const name of [...used].sort()) kept[plainName(name, used)] = schemas[name] ?? {}
  const renamed = renameRefs({ ...text, components: { ...components, schemas: kept } }, used)
  return renamed as unknown as Document // the same document, with other names inside
}

function usedNames(root: Json, schemas: { [key: string]: Json }): Set<string> {
  const used = new Set<string>()
  const pending = [...refsIn(root), ...streamed]
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const schema = schemas[name]
    if (used.has(name) || schema === undefined) continue
    used.add(name)
    pending.push(...refsIn(schema))
  }
  return used
}

function refsIn(value: Json): string[] {
  if (value === null || typeof value !== 'object') return []
  const own = !Array.isArray(value) && typeof value['$ref'] === 'string' ? [value['$ref'].slice(prefix.length)] : []
  return [...own, ...Object.values(value).flatMap(refsIn)]
}

function plainName(name: string, used: ReadonlySet<string>): string {
  const plain = name.endsWith('Input') ? name.slice(0, -'Input'.length) : name
  return used.has(plain) ? name : plain
}

function renameRefs(value: Json, used: ReadonlySet<string>): Json {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map((item) => renameRefs(item, used))
  const entries = Object.entries(value).map(([key, item]): [string, Json] =>
    key === '$ref' && typeof item === 'string'
      ? [key, `${prefix}${plainName(item.slice(prefix.length), used)}`]
      : [key, renameRefs(item, used)],
  )
  return Object.fromEntries(entries)
}

function objectAt(value: { [key: string]: Json }, key: string): { [key: string]: Json } {
  const found = value[key]
  return found !== null && typeof found === 'object' && !Array.isArray(found) ? found : {}
}
