import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, type MemberBody, type WhoamiBody } from '../../src/contract/index.ts'
import { Browser } from './browser.ts'
import { startIdentityProvider, type IdentityProvider } from './identity-provider.ts'
import { execute, freshStore } from './postgres-server.ts'
import { startServing } from './serving-process.ts'
import { goodPassword } from './signed-in.ts'

const domain = 'tenants.test'
/** Tenants that are there, one that is suspended, and one that is not there. */
const names = ['acme', 'bolt', 'gone', 'nowhere'] as const
export type TenantName = (typeof names)[number]

const rules = [
  { claim: 'groups', value: 'acme-admins', role: 'admin', tenant: 'acme' },
  { claim: 'groups', value: 'acme-*', role: 'editor', groups: ['team'], tenant: 'acme' },
  { claim: 'groups', value: 'bolt-*', role: 'reader', tenant: 'bolt' },
  { claim: 'groups', value: 'gone-*', role: 'editor', tenant: 'gone' },
  { claim: 'groups', value: 'nowhere-*', role: 'editor', tenant: 'nowhere' },
  { claim: 'groups', value: 'house-*', role: 'editor', groups: ['team'] },
]

/** The password of `eve` in `default`; in the other tenants she has another. */
export const defaultPassword = 'another winter orbit lamp'

/** A server for several tenants, each at a host name of its own, with a real identity provider. `eve` is a reader in each of them. */
export interface TenantsServed {
  readonly provider: IdentityProvider
  /** The installation's own address. */
  readonly base: string
  at(name: TenantName): string
  id(name: string): string
  /** The first admin of a tenant; of `default` where it is none of the above. */
  adminOf(name: string): Client
  members(tenant: string): Promise<readonly MemberBody[]>
  /** A statement in the store, past all rooms and policies. */
  inStore(sql: string): ReturnType<typeof execute>
  close(): Promise<void>
}

export async function tenantsServed(): Promise<TenantsServed> {
  const provider = await startIdentityProvider()
  const port = await freePort()
  const base = `http://127.0.0.1:${port}`
  const at = (name: TenantName): string => `http://${name}.${domain}:${port}`
  provider.admitClient(base, ...names.map(at))
  const store = await freshStore()
  const server = await startServing(store, { dataDir: configured(), env: environment(provider, base, port) })
  const admins = new Map([['default', server.admin]])
  const ids = new Map([['default', (await server.admin.whoami()).tenantId]])
  const adminOf = (name: string): Client => admins.get(name) ?? server.admin
  for (const name of ['default', 'acme', 'bolt', 'gone']) {
    if (name !== 'default') {
      const { id, adminToken } = await server.admin.createTenant({ name })
      ids.set(name, id)
      admins.set(name, new Client({ baseUrl: base, token: adminToken }))
    }
    await adminOf(name).send('PUT', '/api/v1/groups/team', { body: {} })
    const { id: eve } = await adminOf(name).json<MemberBody>('POST', '/api/v1/members', { name: 'eve', role: 'reader' })
    const password = name === 'default' ? defaultPassword : goodPassword
    await adminOf(name).send('PUT', `/api/v1/members/${eve}/password`, { body: { password } })
  }
  await server.admin.suspendTenant('gone')
  return {
    provider,
    base,
    at,
    id: (name) => ids.get(name) ?? '',
    adminOf,
    members: async (tenant) => (await adminOf(tenant).json<{ items: MemberBody[] }>('GET', '/api/v1/members')).items,
    inStore: (text) => execute(store.superuser, text),
    close: async () => {
      await server.kill('SIGTERM')
      await provider.close()
    },
  }
}

/** A browser that finds the tenants' host names. */
export function tenantsBrowser(): Browser {
  return new Browser(domain)
}

/** Who one is there, or the problem. */
export async function whoamiAt(who: Browser, site: string): Promise<Partial<WhoamiBody> & { readonly code?: string }> {
  return (await (await who.get(`${site}/api/v1/auth/whoami`)).json()) as WhoamiBody
}

function configured(): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'aishell-sign-in-'))
  writeFileSync(join(dataDir, 'aishell.yaml'), JSON.stringify({ signIn: rules }))
  return dataDir
}

function environment(provider: IdentityProvider, base: string, port: number): Record<string, string> {
  const { issuer, clientId, clientSecret } = provider.settings([])
  return {
    PORT: String(port),
    PUBLIC_URL: base,
    MULTI_TENANCY_ENABLED: 'true',
    TENANT_HOST_SUFFIX: domain,
    OIDC_ISSUER: issuer,
    OIDC_CLIENT_ID: clientId,
    OIDC_CLIENT_SECRET: clientSecret?.reveal() ?? '',
    OIDC_SCOPES: 'openid,profile,groups',
    OIDC_DEFAULT_ROLE: 'reader',
    OIDC_ALLOW_HTTP: 'true',
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo // it listens on TCP
  probe.close()
  await once(probe, 'close')
  return port
}
