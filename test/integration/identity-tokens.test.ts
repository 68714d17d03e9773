import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { isShellError, newId, Secret, type Actor, type RoleName, type Scope } from '../../src/domain/index.ts'
import type { TokenInput } from '../../src/contract/index.ts'
import { createIdentity, type Identity } from '../../src/platform/identity/index.ts'
import type { Observation } from '../../src/platform/observe/index.ts'
import { createStore, type Store, type StoreAddress } from '../../src/platform/store/index.ts'
import { createPeople, createTenancy, type Tenancy } from '../../src/platform/tenancy/index.ts'
import { execute, freshStore } from '../support/postgres-server.ts'

let address: Awaited<ReturnType<typeof freshStore>>
let store: Store
let tenancy: Tenancy
let scope: Scope
const observed: Observation[] = []
let nowMs = Date.parse('2026-03-01T12:00:00Z')

beforeAll(async () => {
  address = await freshStore()
  store = createStore({ address, poolMax: 4 })
  tenancy = createTenancy({ store })
  scope = await tenancy.ensureDefaultTenant()
})
afterAll(async () => store.close())
beforeEach(() => {
  observed.length = 0
})

const people = () => ({ people: createPeople({ store }), jwtSecret: new Secret('j'.repeat(40)) })

function identity(isRbacEnabled = true): Identity {
  return createIdentity({ ...people(), store, tenancy, observe: (one) => observed.push(one), isRbacEnabled, now: () => new Date(nowMs) })
}

async function memberOf(role: RoleName, name = `m-${newId()}`): Promise<string> {
  const id = newId()
  await store.within(scope, (query) =>
    query.insertInto('member').values({ tenant_id: scope.tenantId, member_id: id, name, role, disabled_at: null }).execute(),
  )
  return id
}

async function signedIn(role: RoleName, rooms = identity()): Promise<{ readonly actor: Actor; readonly token: string }> {
  const memberId = await memberOf(role)
  const token = await rooms.issueToken(scope, { memberId, name: 'own', expiresInDays: 30 })
  return { actor: await rooms.authenticate(token, 'http'), token }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'fulfilled',
    (error: unknown) => (isShellError(error) ? error.code : String(error)),
  )
}

/** As the owner of the tables, past the rooms. */
async function asOwner(sql: string, params: readonly unknown[]) {
  const owner: StoreAddress = address.superuser
  return (await execute(owner, sql, params)).rows as Record<string, unknown>[]
}

const input = (more: Partial<TokenInput> = {}): TokenInput => ({ name: 't', kind: 'person', expiresInDays: 10, ...more })

describe('tenancy', () => {
  test('the default tenant and its first admin are made once, also by servers that start together', async () => {
    const stores = [createStore({ address, poolMax: 2 }), createStore({ address, poolMax: 2 })]
    const made = await Promise.all(
      stores.map(async (one) => {
        const rooms = createTenancy({ store: one })
        return rooms.ensureFirstAdmin(await rooms.ensureDefaultTenant())
      }),
    )
    await Promise.all(stores.map((one) => one.close()))
    expect(made.filter((one) => one.isNew)).toHaveLength(1)
    expect(new Set(made.map((one) => one.member.id)).size).toBe(1)
    expect(await tenancy.ensureFirstAdmin(scope)).toMatchObject({ isNew: false, member: { name: 'admin', role: 'admin' } })
  })

  test('a member of nobody is unknown, whatever its id looks like', async () => {
    expect(await codeOf(tenancy.member(scope, newId()))).toBe('tenancy.member-unknown')
    expect(await codeOf(tenancy.member(scope, "' OR 1=1"))).toBe('tenancy.member-unknown')
  })
})

describe('authenticate', () => {
  test('a token leads to its member, with the surface it came by', async () => {
    const rooms = identity()
    const memberId = await memberOf('editor', 'dana')
    const token = await rooms.issueToken(scope, { memberId, name: 'laptop', expiresInDays: 1 })
    expect(token).toMatch(/^ais_[A-Za-z0-9_-]{43}$/)
    for (const [surface, kind] of [
      ['http', 'person'],
      ['mcp', 'agent'],
    ] as const)
      expect(await rooms.authenticate(token, surface)).toMatchObject({
        tenantId: scope.tenantId,
        memberId,
        name: 'dana',
        kind,
        roles: ['editor'],
        surface,
        verbs: null,
        connections: null,
      })
  })

  test('the store holds a digest and never the token', async () => {
    const { token } = await signedIn('reader')
    const rows = await asOwner("SELECT t::text AS row, encode(hash, 'escape') AS raw FROM token t", [])
    expect(rows.length).toBeGreaterThan(0)
    expect(JSON.stringify(rows)).not.toContain(token.slice(4))
  })

  test.each<readonly [string, string | null, string]>([
    ['nothing', null, 'identity.not-signed-in'],
    ['an empty text', '', 'identity.not-signed-in'],
    ['something else', 'letmein', 'identity.token-unknown'],
    ['a token of the right shape that was never made', `ais_${'x'.repeat(43)}`, 'identity.token-unknown'],
    ['a flood', `ais_${'x'.repeat(100_000)}`, 'identity.token-unknown'],
  ])('%s is refused', async (_name, bearer, code) => {
    expect(await codeOf(identity().authenticate(bearer, 'http'))).toBe(code)
  })

  test('an expired token is refused, from memory too', async () => {
    const rooms = identity()
    const { token } = await signedIn('reader', rooms)
    nowMs += 30 * 86_400_000 + 1
    expect(await codeOf(rooms.authenticate(token, 'http'))).toBe('identity.token-expired')
    expect(await codeOf(identity().authenticate(token, 'http'))).toBe('identity.token-expired')
  })

  test('a revoked token is refused at once here, and within a second by a replica that remembers it', async () => {
    const [here, replica] = [identity(), identity()]
    const { actor, token } = await signedIn('reader', here)
    await replica.authenticate(token, 'http')
    await here.revokeToken(actor, actor.tokenId ?? '')
    expect(await codeOf(here.authenticate(token, 'http'))).toBe('identity.token-revoked')
    nowMs += 1_001
    expect(await codeOf(replica.authenticate(token, 'http'))).toBe('identity.token-revoked')
  })

  test('a token is never more than its member is now', async () => {
    const { actor, token } = await signedIn('admin')
    await asOwner("UPDATE member SET role = 'reader' WHERE member_id = $1", [actor.memberId])
    expect((await identity().authenticate(token, 'http')).roles).toEqual(['reader'])
  })

  test('a disabled member is refused', async () => {
    const { actor, token } = await signedIn('admin')
    await asOwner('UPDATE member SET disabled_at = now() WHERE member_id = $1', [actor.memberId])
    expect(await codeOf(identity().authenticate(token, 'http'))).toBe('identity.member-disabled')
  })

  test('without RBAC every member counts as admin, but a token’s own bounds hold', async () => {
    const { actor } = await signedIn('reader')
    const rooms = identity(false)
    const bounds = { verbs: ['ask' as const], connections: ['shop'] }
    // Made while roles counted, it has its maker's role, and keeps it.
    const readers = await identity().createToken(actor, input(bounds))
    expect(await rooms.authenticate(readers.token, 'http')).toMatchObject({ roles: ['reader'], ...bounds })
    const admins = await rooms.createToken({ ...actor, roles: ['admin'] }, input(bounds))
    expect(await rooms.authenticate(admins.token, 'http')).toMatchObject({ roles: ['admin'], ...bounds })
  })

  test('last use is noted, at most once a minute', async () => {
    const rooms = identity()
    const { actor, token } = await signedIn('reader', rooms)
    const lastUse = async () => (await rooms.listTokens(actor)).find((one) => one.id === actor.tokenId)?.lastUsedAt
    const first = await lastUse()
    expect(first).toBe(new Date(nowMs).toISOString())
    nowMs += 30_000
    await rooms.authenticate(token, 'http')
    expect(await lastUse()).toBe(first)
    nowMs += 40_000
    await rooms.authenticate(token, 'http')
    expect(await lastUse()).toBe(new Date(nowMs).toISOString())
  })

  test('a hundred at once share one look-up', async () => {
    const { token } = await signedIn('reader')
    let lookups = 0
    const counted: Store = { ...store, withoutTenant: (work) => ((lookups += 1), store.withoutTenant(work)) }
    const rooms = createIdentity({
      ...people(),
      store: counted,
      tenancy,
      observe: () => undefined,
      isRbacEnabled: true,
      now: () => new Date(nowMs),
    })
    await Promise.all(Array.from({ length: 100 }, () => rooms.authenticate(token, 'http')))
    expect(lookups).toBe(1)
  })
})

describe('recall', () => {
  test('gives at once whom authenticate gave a moment ago, and nobody before that', async () => {
    const rooms = identity()
    const { actor, token } = await signedIn('reader')
    expect(rooms.recall(token, 'http')).toBe(null)
    expect(await rooms.authenticate(token, 'http')).toEqual(actor)
    expect(rooms.recall(token, 'http')).toEqual(actor)
    expect(rooms.recall(token, 'mcp')).toMatchObject({ memberId: actor.memberId, surface: 'mcp' })
  })

  test('gives nobody once the token is revoked, has expired, or has not been looked at for a second', async () => {
    const rooms = identity()
    const [revoked, expired, old] = [await signedIn('reader', rooms), await signedIn('reader', rooms), await signedIn('reader', rooms)]
    expect(rooms.recall(revoked.token, 'http')).not.toBe(null)
    await rooms.revokeOwnToken(revoked.actor)
    expect(rooms.recall(revoked.token, 'http')).toBe(null)
    nowMs += 1_001
    expect(rooms.recall(old.token, 'http')).toBe(null)
    expect(await rooms.authenticate(old.token, 'http')).toEqual(old.actor)
    nowMs += 30 * 86_400_000 - 1_500
    await rooms.authenticate(expired.token, 'http')
    expect(rooms.recall(expired.token, 'http')).not.toBe(null)
    nowMs += 600
    expect(rooms.recall(expired.token, 'http')).toBe(null)
  })

  test.each([null, '', 'ais_short', 'ais-session_abc', `ais_${'x'.repeat(43)}`, 'a.signed.one'])('gives nobody for %s', async (bearer) => {
    const rooms = identity()
    await codeOf(rooms.authenticate(bearer, 'http'))
    expect(rooms.recall(bearer, 'http')).toBe(null)
  })
})

describe('createToken', () => {
  test('gives the text once, and a body that tells all but the text', async () => {
    const rooms = identity()
    const { actor } = await signedIn('editor', rooms)
    const { token, ...body } = await rooms.createToken(actor, input({ name: 'bot', kind: 'agent', role: 'reader' }))
    expect(body).toMatchObject({ name: 'bot', kind: 'agent', role: 'reader', memberId: actor.memberId, verbs: null, revokedAt: null })
    expect(JSON.stringify(await rooms.listTokens(actor))).not.toContain(token)
    expect((await rooms.authenticate(token, 'mcp')).name).toMatch(/\/bot$/)
  })

  test.each<readonly [string, RoleName, Partial<Actor>, Partial<TokenInput>]>([
    ['a role above one’s own', 'reader', {}, { role: 'admin' }],
    ['a verb that is not one’s role’s', 'reader', {}, { verbs: ['manage-members'] }],
    ['a verb that is not the new role’s', 'admin', {}, { role: 'reader', verbs: ['read-audit'] }],
    ['a verb one’s own token lacks', 'admin', { verbs: ['manage-tokens', 'ask'] }, { verbs: ['read-audit'] }],
    ['a connection one’s own token lacks', 'admin', { connections: ['shop'] }, { connections: ['payroll'] }],
    ['a person’s token, asked for by a service', 'admin', { kind: 'service' }, { kind: 'person' }],
    ['any token, asked for by an agent', 'admin', { kind: 'agent' }, { kind: 'agent' }],
  ])('refuses %s', async (_name, role, narrowed, wanted) => {
    const rooms = identity()
    const { actor } = await signedIn(role, rooms)
    expect(await codeOf(rooms.createToken({ ...actor, ...narrowed }, input(wanted)))).toBe('identity.too-wide')
  })

  test('hands its own narrowing on where the input says nothing', async () => {
    const rooms = identity()
    const { actor } = await signedIn('admin', rooms)
    const made = await rooms.createToken({ ...actor, verbs: ['ask', 'manage-tokens'], connections: ['shop'] }, input())
    expect(made).toMatchObject({ verbs: ['ask', 'manage-tokens'], connections: ['shop'] })
  })

  test('needs the right to manage tokens', async () => {
    const rooms = identity()
    const { actor } = await signedIn('admin', rooms)
    const narrow: Actor = { ...actor, verbs: ['ask'] }
    const works = [rooms.createToken(narrow, input()), rooms.listTokens(narrow), rooms.revokeToken(narrow, newId())]
    expect(await Promise.all(works.map(codeOf))).toEqual(works.map(() => 'identity.denied'))
  })
})

describe('list and revoke', () => {
  test('readers and editors see and revoke their own; admins the tenant’s', async () => {
    const rooms = identity()
    const [reader, editor, admin] = [await signedIn('reader', rooms), await signedIn('editor', rooms), await signedIn('admin', rooms)]
    const members = async (actor: Actor) => new Set((await rooms.listTokens(actor)).map((one) => one.memberId))
    expect(await members(reader.actor)).toEqual(new Set([reader.actor.memberId]))
    expect(await members(editor.actor)).toEqual(new Set([editor.actor.memberId]))
    expect((await members(admin.actor)).size).toBeGreaterThan(2)
    expect(await codeOf(rooms.revokeToken(editor.actor, reader.actor.tokenId ?? ''))).toBe('identity.no-such-token')
    await rooms.revokeToken(admin.actor, reader.actor.tokenId ?? '')
    expect(await codeOf(rooms.authenticate(reader.token, 'http'))).toBe('identity.token-revoked')
  })

  test.each(['', 'x', "1' OR '1'='1", '00000000-0000-0000-0000-000000000000'])('an id that names nothing (%j) is missing', async (id) => {
    const rooms = identity()
    expect(await codeOf(rooms.revokeToken((await signedIn('admin', rooms)).actor, id))).toBe('identity.no-such-token')
  })

  test('the first revocation’s time stays', async () => {
    const rooms = identity()
    const { actor } = await signedIn('admin', rooms)
    const revokedAt = async () => (await rooms.listTokens(actor)).find((one) => one.id === actor.tokenId)?.revokedAt
    await rooms.revokeToken(actor, actor.tokenId ?? '')
    const first = await revokedAt()
    nowMs += 1_000
    await rooms.revokeToken(actor, actor.tokenId ?? '')
    expect(await revokedAt()).toBe(first)
  })
})

describe('tokens that start-up hands out', () => {
  const given = `ais_${'G'.repeat(40)}`

  test('a new one replaces that of the same name', async () => {
    const rooms = identity()
    const memberId = await memberOf('admin')
    const first = await rooms.issueToken(scope, { memberId, name: 'loopback', expiresInDays: 1 })
    const second = await rooms.issueToken(scope, { memberId, name: 'loopback', expiresInDays: 1 })
    expect(await codeOf(identity().authenticate(first, 'terminal'))).toBe('identity.token-unknown')
    expect((await identity().authenticate(second, 'terminal')).memberId).toBe(memberId)
  })

  test('a given one is the same at every start, and once revoked it stays so', async () => {
    const rooms = identity()
    const memberId = await memberOf('admin')
    const issue = { memberId, name: 'first admin', expiresInDays: 1, token: given }
    await Promise.all([rooms.issueToken(scope, issue), identity().issueToken(scope, issue)])
    const actor = await rooms.authenticate(given, 'http')
    await rooms.issueToken(scope, issue)
    expect((await identity().authenticate(given, 'http')).tokenId).toBe(actor.tokenId)
    await rooms.revokeToken(actor, actor.tokenId ?? '')
    await rooms.issueToken(scope, issue)
    expect(await codeOf(identity().authenticate(given, 'http'))).toBe('identity.token-revoked')
    expect(observed).toContainEqual(expect.objectContaining({ type: 'warning', code: 'identity.token-stays-revoked' }))
  })

  test('a given one of another shape is refused', async () => {
    const memberId = await memberOf('admin')
    expect(await codeOf(identity().issueToken(scope, { memberId, name: 'x', expiresInDays: 1, token: 'admin' }))).toBe(
      'identity.token-shape',
    )
  })
})

test('tokens of one tenant are not seen from another', async () => {
  const rooms = identity()
  const { actor } = await signedIn('admin', rooms)
  const stranger: Actor = { ...actor, tenantId: newId() }
  expect(await rooms.listTokens(stranger)).toEqual([])
  expect(await codeOf(rooms.revokeToken(stranger, actor.tokenId ?? ''))).toBe('identity.no-such-token')
})
