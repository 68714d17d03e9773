import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Found {
  readonly code: string
  readonly kind: string
  readonly where: string
}

/** A page of every error code in the source, by room; found where a ShellError is made, so that none is forgotten. */
export function renderErrorReference(): string {
  const found = new Map<string, Found>()
  for (const file of readdirSync('src', { recursive: true, encoding: 'utf8' }).toSorted()) {
    if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue
    for (const error of errorsIn(readFileSync(join('src', file), 'utf8'), file.replaceAll('\\', '/')))
      if (!found.has(error.code)) found.set(error.code, error)
  }
  const rooms = Map.groupBy(
    [...found.values()].toSorted((a, b) => a.code.localeCompare(b.code)),
    (error) => error.code.split('.')[0] ?? '',
  )
  const sections = [...rooms].map(([room, errors]) => `## ${room}\n\n${errors.map(line).join('\n')}\n`)
  return `# Error codes\n\nGenerated from the source. Codes are stable; messages may change. The kind decides status and exit code.\n\n${sections.join('\n')}`
}

function errorsIn(text: string, where: string): readonly Found[] {
  const calls = text.matchAll(/code: '([a-z][a-z-]*\.[a-z][a-z0-9-]*)',\s*kind: '([a-z]+)'/g)
  return [...calls].map(([, code = '', kind = '']) => ({ code, kind, where }))
}

function line({ code, kind, where }: Found): string {
  return `- \`${code}\` (${kind}), from \`src/${where}\``
}
