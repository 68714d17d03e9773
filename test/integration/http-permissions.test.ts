import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { builtinRoles, verbs } from '../../src/domain/index.ts'
import { problemShape } from '../../src/contract/index.ts'
import { permissionTable, renderPermissions, type Permission } from '../../src/surfaces/http/index.ts'
import { servedHouse, type ServedHouse } from '../support/served-house.ts'

let house: ServedHouse
const tokens = new Map<string, string>()
const table = await permissionTable()

beforeAll(async () => {
  house = await servedHouse()
  for (const role of builtinRoles) tokens.set(role, await house.member(role === 'admin' ? 'second-admin' : role, role))
})
afterAll(() => house.close())

test('the committed page is the table of the registered routes, every one of them', async () => {
  expect(readFileSync('docs/reference/permissions.md', 'utf8')).toBe(await renderPermissions())
  expect(table.length).toBeGreaterThan(50)
})

const credentials = ['anyone', ...builtinRoles] as const

describe.each(table.map((permission) => [`${permission.method} ${permission.path}`, permission] as const))('%s', (_name, permission) => {
  test.each(credentials)('as %s', async (credential) => {
    const token = credential === 'anyone' ? null : (tokens.get(credential) ?? '')
    const isAllowed = permission.roles.some((role) => role === credential)
    expect(await isLetIn(permission, token)).toBe(isAllowed)
  })
})

describe('a token narrowed to verbs', () => {
  const asking = table.filter(({ access }) => verbs.some((verb) => verb === access))
  test.each(asking.map((permission) => [`${permission.method} ${permission.path}`, permission] as const))(
    '%s',
    async (_name, permission) => {
      const own = verbs.filter((verb) => verb === permission.access)
      const others = verbs.filter((verb) => verb !== permission.access)
      expect(await isLetIn(permission, await house.token({ verbs: own }))).toBe(true)
      expect(await isLetIn(permission, await house.token({ verbs: others }))).toBe(false)
    },
  )
})

/** Whether the door opens; what is asked behind it is of no account. Pages take sessions only, so a token is nobody there. */
async function isLetIn({ method, path, access }: Permission, token: string | null): Promise<boolean> {
  const url = path.replaceAll(/:[a-z]+/g, 'nobody-and-nothing').replace('/*', '/static/index.html')
  const isPage = path.startsWith('/auth/')
  const headers: Record<string, string> = { 'sec-fetch-site': 'same-origin' }
  if (isPage && token !== null) headers['cookie'] = `aishell-session=${await sessionOf(token)}`
  else if (token !== null) headers['authorization'] = `Bearer ${token}`
  const hasBody = ['POST', 'PUT', 'PATCH'].includes(method)
  // A body that does not fit, so that an open door changes nothing: the doors come first.
  if (hasBody && !isPage) headers['content-type'] = 'application/json'
  const response = await fetch(`${house.url}${url}`, { method, headers, redirect: 'manual', ...(hasBody && !isPage ? { body: '[]' } : {}) })
  const text = await response.text()
  if (response.status === 303 && response.headers.get('location')?.startsWith('/auth/sign-in') === true)
    return path === '/auth/sign-out' && token !== null
  if (access === 'open') return true
  if (response.status === 401) return false
  if (response.status !== 403 || isPage) return response.status !== 403
  return problemShape.parse(JSON.parse(text)).code !== 'http.not-allowed'
}

/** A session of the same member. */
async function sessionOf(token: string): Promise<string> {
  const me = await house.client(token).whoami()
  const invitation = await house.admin.json<{ url: string }>('POST', `/api/v1/members/${me.memberId}/invitation`)
  const text = new URL(invitation.url).searchParams.get('token') ?? ''
  const visitor = { network: '127.0.0.1', client: 'test', device: null }
  const place = { scope: house.scope, countedIn: house.scope, named: null, names: [] }
  const signedIn = await house.identity.signIn.acceptInvitation(place, text, 'winter orbit lamp seven', visitor)
  return signedIn?.session.text ?? ''
}
