import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tenantsBrowser, tenantsServed, whoamiAt, type TenantsServed } from '../support/tenants-served.ts'

let served: TenantsServed
beforeAll(async () => {
  served = await tenantsServed()
}, 180_000)
afterAll(() => served.close())

describe('an identity provider', () => {
  /** Signs in from a site's own page; gives where it ended and who one is there. */
  async function signIn(site: string, account: string, groups: readonly string[], who = tenantsBrowser()) {
    served.provider.setClaims(account, { groups })
    const { response } = await served.provider.pass(who, await who.get(`${site}/auth/oidc/start`), account)
    const code = /(identity|tenancy)\.[a-z-]+/.exec(await response.clone().text())?.[0]
    return { status: response.status, code, me: await whoamiAt(who, site), who }
  }

  test('signs in to the tenant at whose address it was begun, which its callback goes back to', async () => {
    const start = await tenantsBrowser().get(`${served.at('acme')}/auth/oidc/start`)
    expect(new URL(start.headers.get('location') ?? '').searchParams.get('redirect_uri')).toBe(`${served.at('acme')}/auth/oidc/callback`)
    const { me } = await signIn(served.at('acme'), 'ada', ['acme-staff', 'house-staff'])
    expect(me).toMatchObject({ tenantId: served.id('acme'), name: 'ada', roles: ['editor'] })
    expect((await served.members('acme')).find(({ name }) => name === 'ada')?.groups).toEqual(['team'])
    for (const other of ['default', 'bolt']) expect((await served.members(other)).map(({ name }) => name)).not.toContain('ada')
  })

  test.each<[string, readonly string[]]>([
    ['only rules for another tenant match', ['acme-admins']],
    ['only rules that name no tenant match, which are for `default`', ['house-staff']],
    ['nothing but OIDC_DEFAULT_ROLE would let them in, which is for `default`', ['others']],
  ])('lets nobody in to a tenant where %s', async (_why, groups) => {
    const { status, code, me } = await signIn(served.at('bolt'), `bob-${groups[0]}`, groups)
    expect([status, code, me.code]).toEqual([403, 'identity.not-admitted', 'identity.not-signed-in'])
    expect((await served.members('bolt')).map(({ name }) => name)).not.toContain(`bob-${groups[0]}`)
  })

  test('gives in each tenant what the rules for it give, to one person in two', async () => {
    const groups = ['acme-admins', 'bolt-guests', 'house-keepers']
    expect((await signIn(served.at('bolt'), 'both', groups)).me).toMatchObject({ tenantId: served.id('bolt'), roles: ['reader'] })
    expect((await signIn(served.at('acme'), 'both', groups)).me).toMatchObject({ tenantId: served.id('acme'), roles: ['admin'] })
    expect((await served.members('bolt')).find(({ name }) => name === 'both')?.groups).toEqual([])
  })

  test('lets in no more whom no rule for the tenant lets in', async () => {
    expect((await signIn(served.at('bolt'), 'moved', ['bolt-guests'])).me).toMatchObject({ roles: ['reader'] })
    expect(await signIn(served.at('bolt'), 'moved', ['acme-staff'])).toMatchObject({ status: 403, code: 'identity.not-admitted' })
    expect((await signIn(served.at('acme'), 'moved', ['acme-staff'])).me).toMatchObject({ tenantId: served.id('acme') })
  })

  test.each<[string, readonly string[], string | null, readonly string[]]>([
    ['the first matching rule’s tenant', ['acme-staff', 'bolt-guests'], 'acme', ['editor']],
    ['`default` by a rule that names none', ['house-staff'], null, ['editor']],
    ['`default` by OIDC_DEFAULT_ROLE where none matches', ['others'], null, ['reader']],
  ])('from the installation’s own address signs in to %s', async (_where, groups, tenant, roles) => {
    const { me } = await signIn(served.base, `base-${groups[0]}`, groups)
    expect(me).toMatchObject({ roles })
    expect(me.tenantId).toBe(served.id(tenant ?? 'default'))
  })

  test.each<[string, () => string, string, string]>([
    ['a suspended tenant whose rules let them in', () => served.at('gone'), 'gone-staff', 'tenancy.suspended'],
    ['a suspended tenant by the rules', () => served.base, 'gone-staff', 'tenancy.suspended'],
    ['a suspended tenant that is none of theirs', () => served.at('gone'), 'others', 'identity.not-admitted'],
    ['a tenant that is not there', () => served.at('nowhere'), 'nowhere-staff', 'identity.not-admitted'],
    ['a tenant that is not there by the rules', () => served.base, 'nowhere-staff', 'identity.not-admitted'],
    ['a tenant that is there and none of theirs', () => served.at('acme'), 'others', 'identity.not-admitted'],
  ])('lets nobody in to %s', async (_where, site, group, code) => {
    const answer = await signIn(site(), `carl-${group}`, [group])
    expect([answer.status, answer.code, answer.me.code]).toEqual([403, code, 'identity.not-signed-in'])
  })

  test('that answers at another address than it was asked from is not believed', async () => {
    served.provider.setClaims('dora', { groups: ['acme-staff', 'bolt-guests'] })
    for (const [from, to] of [
      [served.at('acme'), served.at('bolt')],
      [served.at('acme'), served.base],
      [served.base, served.at('acme')],
      [served.at('nowhere'), served.at('acme')],
    ] as const) {
      const who = tenantsBrowser()
      const start = await who.get(`${from}/auth/oidc/start`)
      const { url } = await served.provider.pass(who, start, 'dora', (next) => next.startsWith(`${from}/auth/oidc/callback`))
      who.setCookie(to, 'aishell-flow', who.cookie(from, 'aishell-flow') ?? '')
      const answer = await who.get(url.replace(from, to))
      expect(answer.status).toBe(400)
      expect(await answer.text()).toContain('identity.flow-lost')
      expect((await whoamiAt(who, to)).code).toBe('identity.not-signed-in')
    }
  })

  test('takes the role of the last operator from nobody', async () => {
    await signIn(served.base, 'boss', ['house-staff'])
    const admin = served.adminOf('default')
    await admin.send('PUT', '/api/v1/operators/boss')
    const { memberId } = await admin.whoami()
    await admin.send('DELETE', `/api/v1/operators/${memberId}`)
    expect((await signIn(served.base, 'boss', ['others'])).me).toMatchObject({ roles: ['editor'] })
    await served.inStore(`INSERT INTO platform_operator (tenant_id, member_id) VALUES ('${served.id('default')}', '${memberId}')`)
    expect((await signIn(served.base, 'boss', ['others'])).me).toMatchObject({ roles: ['reader'] })
  })

  test('signs out to the page of the same tenant', async () => {
    const { who } = await signIn(served.at('acme'), 'ada', ['acme-staff'])
    const page = await (await who.post(`${served.at('acme')}/auth/sign-out`, {})).text()
    expect(decodeURIComponent(page)).toContain(`post_logout_redirect_uri=${served.at('acme')}/auth/sign-in`)
    expect((await whoamiAt(who, served.at('acme'))).code).toBe('identity.not-signed-in')
  })
})
