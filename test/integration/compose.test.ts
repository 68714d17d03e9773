import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { expect, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { allSettings, readSettings } from '../../src/platform/config/index.ts'

interface Service {
  readonly image: string
  readonly environment: Readonly<Record<string, string>>
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly stop_grace_period?: string
}

const text = readFileSync(new URL('../../compose.yaml', import.meta.url), 'utf8')
const page = readFileSync(new URL('../../docs/how-to/run-with-compose.md', import.meta.url), 'utf8')
const { services } = parse(text, { merge: true }) as { services: Readonly<Record<string, Service>> }

/** As Compose does: `${NAME:-default}`, `${NAME:?message}`. */
function filledIn(value: string, env: Readonly<Record<string, string>>): string {
  return value.replaceAll(/\$\{([A-Z_]+)(?::([-?])([^}]*))?\}/g, (_all, name: string, kind: string | undefined, rest: string) => {
    const given = env[name] ?? ''
    if (given === '' && kind === '?') throw new Error(`${name}: ${rest}`)
    return given === '' && kind === '-' ? rest : given
  })
}

const secrets = Object.fromEntries(
  [...page.matchAll(/^([A-Z_]+)=\$\(/gm)].map(([, name = ''], index) => [name, `k3Vd9sQ1${index}xZ7mB5tR2wY8uL4pN6gH0jF`]),
)

test('what the guide writes into .env is all that Compose insists on, and AI-Shell starts with it in production', () => {
  const given = services['aishell']?.environment ?? {}
  const env = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, filledIn(value, secrets)]))
  const settings = readSettings({ env: { ...env, APP_ENV: 'production', CONFIG_DIR: '/no/such/folder' }, version: '0' })
  expect(settings).toMatchObject({ store: { host: 'postgres', user: 'aishell' }, redis: { host: 'redis' } })
})

test('it names only settings there are', () => {
  const known = new Set(allSettings.map((setting) => setting.name))
  expect(Object.keys(services['aishell']?.environment ?? {}).filter((name) => !known.has(name))).toEqual([])
})

test('without secrets nothing starts', () => {
  for (const name of Object.keys(secrets)) {
    const { [name]: _left, ...others } = secrets
    expect(() => filledIn(text.replaceAll('$$', ''), others)).toThrow(name)
  }
})

test.each(Object.entries(services))('%s may write to its volumes only and holds no privilege', (_name, service) => {
  expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] })
  expect(filledIn(service.image, {})).toMatch(/:\d+(\.\d+)*(-\w+)?$/)
})

test('the image is this version’s', () => {
  expect(filledIn(services['aishell']?.image ?? '', {})).toBe(`aishell/aishell:${packageJson.version}`)
})
