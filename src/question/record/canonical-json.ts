/** What JSON can carry. A field that is undefined is left out. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined }

/**
 * One spelling of a value: keys sorted by code unit, no white space (RFC 8785 for the numbers and texts JavaScript makes).
 * Reading the text and writing it again gives the same bytes, so a MAC over it can be checked from parsed JSON.
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`
  const fields = Object.keys(value)
    .toSorted()
    .flatMap((key) => {
      const field = value[key]
      return field === undefined ? [] : [`${JSON.stringify(key)}:${canonicalJson(field)}`]
    })
  return `{${fields.join(',')}}`
}

/** `Array.isArray` does not narrow readonly arrays. */
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
