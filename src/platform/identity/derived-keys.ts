/** Keys made of texts that may change while we run, the present one first; made anew only when the texts are others. */
export function derivedKeys<Key>(texts: () => readonly string[], derive: (text: string) => Key): () => readonly Key[] {
  let held: { readonly texts: readonly string[]; readonly keys: readonly Key[] } = { texts: [], keys: [] }
  return () => {
    const now = texts()
    if (now.join('\n') !== held.texts.join('\n')) held = { texts: now, keys: now.map(derive) }
    return held.keys
  }
}
