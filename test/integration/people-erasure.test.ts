import { createHash, createPublicKey, verify } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../src/domain/index.ts'
import type { ApprovalBody, Client, MemberBody, PersonErasureProofBody } from '../../src/contract/index.ts'
import type { Browser } from '../support/browser.ts'
import { servedHouse, type ServedHouse } from '../support/served-house.ts'
import { person } from '../support/signed-in.ts'

interface Line {
  readonly kind?: string
  readonly table?: string
  readonly row?: Readonly<Record<string, unknown>>
  readonly decision?: Readonly<Record<string, unknown>>
  readonly link?: { readonly kind: string; readonly action?: string; readonly input?: unknown }
  readonly [name: string]: unknown
}

/** A member with something in every place that holds people. */
interface Person {
  readonly id: string
  readonly name: string
  readonly browser: Browser
  readonly token: string
  readonly client: Client
  /** A request of theirs that waits, and one of another's that they approved. */
  readonly asked: ApprovalBody
  readonly approved: ApprovalBody
}

let house: ServedHouse
let other: Client

beforeAll(async () => {
  house = await servedHouse()
  await house.shop.query(`CREATE TABLE till (id int); GRANT SELECT, INSERT ON till TO ${house.shop.reader.user}`)
  await house.admin.catalog('shop', { refresh: true })
  await house.admin.setPolicy('shop', { writers: ['reader', 'editor', 'admin'] })
  await house.admin.send('PUT', '/api/v1/groups/finance', { body: { roles: ['reader'], description: 'Those who count' } })
  other = house.client(await house.member('other', 'editor'))
})
afterAll(() => house.close())

async function somebody(): Promise<Person> {
  const { id, name, browser } = await person(house, 'editor')
  const made = await browser.json('POST', `${house.url}/api/v1/tokens`, { name: 'laptop', kind: 'person', expiresInDays: 1 })
  const { token } = (await made.json()) as { token: string }
  const client = house.client(token)
  await house.admin.send('PUT', `/api/v1/groups/finance/members/${id}`)
  await client.answer({ connection: 'shop', sql: 'SELECT count(*) FROM item WHERE name = $1', params: [`asked by ${name}`] })
  await client.answer({ connection: 'shop', sql: 'DELETE FROM nothing_there' })
  const asked = (await client.answer({ connection: 'shop', sql: `INSERT INTO till VALUES (1)` })).approval
  const theirs = (await other.answer({ connection: 'shop', sql: `INSERT INTO till VALUES (${++asks})` })).approval
  if (asked === undefined || theirs === undefined) throw new Error('nothing waits for an approval')
  await client.decide(theirs.id, 'approve', `fine, says ${name}`)
  await browser.json('POST', `${house.url}/api/v1/auth/device-logins`, { client: 'pc' })
  await house.admin.send('POST', `/api/v1/members/${id}/invitation`)
  return { id, name, browser, token, client, asked, approved: theirs }
}
let asks = 0

async function exported(idOrName: string, client = house.admin): Promise<readonly Line[]> {
  const text = await (await client.exportPerson(idOrName)).text()
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

/** Tables in which a text stands, wherever in a row. */
async function tablesWith(text: string): Promise<readonly string[]> {
  const { rows: tables } = await house.inStore(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
  )
  const found: string[] = []
  for (const { name } of tables as { name: string }[])
    if ((await house.inStore(`SELECT FROM "${name}" t WHERE strpos(t::text, '${text}') > 0 LIMIT 1`)).rowCount !== 0) found.push(name)
  return found.toSorted()
}

const erase = (who: { readonly name: string }, client = house.admin): Promise<PersonErasureProofBody> =>
  client.erasePerson(who.name, who.name)

describe('an export of a person', () => {
  test('gives what is held about them in every table, and what the record says of them', async () => {
    const who = await somebody()
    await house.admin.send('PATCH', `/api/v1/members/${who.id}`, { body: { role: 'reader' } })
    const lines = await exported(who.name)
    expect(lines[0]).toMatchObject({ kind: 'person-export', memberId: who.id, name: who.name })
    const tables = new Set(lines.flatMap(({ table }) => table ?? []))
    const expected = (await tablesWith(who.id)).filter((name) => name !== 'record_link')
    expect([...tables].toSorted()).toEqual([...expected, 'member_group'].toSorted())
    expect(tables).toContain('session')
    expect(lines.filter(({ decision }) => decision !== undefined)).toMatchObject([{ decision: { comment: `fine, says ${who.name}` } }])
    const links = lines.flatMap(({ link }) => link ?? [])
    expect(new Set(links.map(({ kind }) => kind))).toEqual(new Set(['intent', 'outcome', 'note']))
    expect(JSON.stringify(links)).toContain(`asked by ${who.name}`)
    expect(links.flatMap(({ action }) => action ?? [])).toEqual(
      expect.arrayContaining(['member-create', 'member-invite', 'member-change', 'person-export']),
    )
    expect(lines.at(-1)).toEqual({ kind: 'end', rows: lines.filter(({ table }) => table !== undefined).length, links: links.length })
  })

  test('holds nothing that lets anybody in, and nothing of others', async () => {
    const who = await somebody()
    const text = JSON.stringify(await exported(who.id))
    const { rows } = await house.inStore(
      `SELECT encode(hash, 'base64') AS digest FROM session WHERE member_id = '${who.id}' UNION ALL
       SELECT encode(hash, 'base64') FROM token WHERE member_id = '${who.id}' UNION ALL SELECT hash FROM password WHERE member_id = '${who.id}'`,
    )
    expect(rows.length).toBe(3)
    for (const { digest } of rows as { digest: string }[]) expect(text).not.toContain(digest.slice(0, 20))
    expect(text).not.toMatch(/argon2|"(hash|mac|sealed_hint)"/)
    expect(text).not.toContain(who.token)
    expect(text).not.toContain(who.approved.sql)
  })

  test('is for those who may read the record and could give all that the person has', async () => {
    const who = await somebody()
    await house.admin.send('PUT', '/api/v1/roles/clerk', { body: { grants: [{ verbs: ['manage-members', 'ask', 'manage-tokens'] }] } })
    const clerk = house.client(await house.member(`clerk-${newId()}`, 'clerk'))
    const plain = await clerk.json<MemberBody>('POST', '/api/v1/members', { name: `plain-${newId()}`, role: 'clerk' })
    await expect(exported(plain.name, clerk)).rejects.toMatchObject({ problem: { status: 403, code: 'tenancy.denied' } })
    await expect(exported(who.name, clerk)).rejects.toMatchObject({ problem: { status: 403, code: 'tenancy.too-much' } })
    await expect(exported(who.name, who.client)).rejects.toMatchObject({ problem: { status: 403, code: 'http.not-allowed' } })
    await expect(exported('nobody')).rejects.toMatchObject({ problem: { status: 404, code: 'tenancy.member-unknown' } })
  })
})

describe('erasing a person', () => {
  test('takes them out of every table; only the record still names them, and it verifies', async () => {
    const who = await somebody()
    await erase(who)
    expect(await tablesWith(who.name)).toEqual(['record_link'])
    expect(await tablesWith(who.id)).toEqual(['approval', 'erased_member', 'record_link'])
    expect(await house.admin.auditVerify()).toMatchObject({ isIntact: true })
    expect((await house.admin.audit({ member: who.id })).items.length).toBeGreaterThan(1)
    await expect(house.admin.json('GET', `/api/v1/members/${who.id}`)).rejects.toMatchObject({ problem: { status: 404 } })
  })

  test('ends their sessions and tokens at once', async () => {
    const who = await somebody()
    await who.client.whoami()
    await erase(who)
    await expect(who.client.whoami()).rejects.toMatchObject({ problem: { status: 401, code: 'identity.token-unknown' } })
    expect((await who.browser.get(`${house.url}/api/v1/auth/whoami`)).status).toBe(401)
  })

  test('leaves what others asked for, with a decision that names nobody', async () => {
    const who = await somebody()
    await erase(who)
    const left = await house.admin.json<ApprovalBody>('GET', `/api/v1/approvals/${who.approved.id}`)
    expect(left).toMatchObject({ state: 'executed', decidedBy: { memberId: who.id, name: 'former member' }, comment: null })
    await expect(house.admin.json('GET', `/api/v1/approvals/${who.asked.id}`)).rejects.toMatchObject({ problem: { status: 404 } })
  })

  test('gives a signed proof of what went and what stays and why, which is in the store and, by its digest, in the record', async () => {
    const who = await somebody()
    const { erasure, proof, signature } = await erase(who)
    const { publicKey } = await house.admin.auditPublicKey()
    expect(verify(null, Buffer.from(proof), createPublicKey(publicKey), Buffer.from(signature, 'hex'))).toBe(true)
    expect(JSON.parse(proof)).toEqual(erasure)
    expect(erasure).toMatchObject({
      kind: 'person-erasure',
      memberId: who.id,
      removed: { member: 1, token: 1, session: 1, password: 1, invitation: 1, known_device: 1, group_member: 1, approval: 1 },
      pseudonymized: { approval: 1 },
      left: 0,
    })
    expect(proof).not.toContain(who.name)
    expect(erasure.kept.every(({ why, until }) => why !== '' && until !== '')).toBe(true)
    expect(erasure.kept[0]?.entries).toBe((await house.admin.audit({ member: who.id })).items.length)
    expect((await house.inStore(`SELECT proof FROM erased_member WHERE erased_member_id = '${who.id}'`)).rows).toEqual([{ proof }])
    const chain = await (await house.admin.auditExport()).text()
    expect(chain).toContain(`${who.id} sha256:${createHash('sha256').update(proof).digest('hex')}`)
    const at = erasure.chain
    expect(chain).toContain(`"digest":"${at?.digest ?? 'none'}"`)
  })

  test('is proven again by the id, to those who keep members, and to nobody by the name', async () => {
    const who = await somebody()
    const given = await erase(who)
    expect(await house.admin.personErasure(who.id)).toEqual(given)
    for (const id of [who.name, newId(), house.scope.tenantId])
      await expect(house.admin.personErasure(id)).rejects.toMatchObject({ problem: { status: 404, code: 'tenancy.erasure-unknown' } })
    await expect(other.personErasure(who.id)).rejects.toMatchObject({ problem: { status: 403, code: 'http.not-allowed' } })
  })

  test.each<[string, (who: Person) => Promise<unknown>, number, string]>([
    ['without their name', (who) => house.admin.erasePerson(who.name, who.id), 400, 'tenancy.not-confirmed'],
    ['with another’s name', (who) => house.admin.erasePerson(who.id, 'other'), 400, 'tenancy.not-confirmed'],
    ['the last admin', async () => house.admin.erasePerson('admin', 'admin'), 409, 'tenancy.last-admin'],
    ['by one who may not keep members', async (who) => erase(who, other), 403, 'http.not-allowed'],
  ])('is refused %s, and nothing has gone', async (_what, attempt, status, code) => {
    const who = await somebody()
    await expect(attempt(who)).rejects.toMatchObject({ problem: { status, code } })
    expect(await who.client.whoami()).toMatchObject({ memberId: who.id })
    expect((await house.admin.whoami()).roles).toEqual(['admin'])
    const left = await house.admin.json<ApprovalBody>('GET', `/api/v1/approvals/${who.approved.id}`)
    expect(left.decidedBy?.name).toContain(who.name)
  })

  test('waits for a statement of theirs that is being carried out', async () => {
    const who = await somebody()
    const { rows } = await house.inStore(`UPDATE approval SET state = 'executing', execution_id = gen_random_uuid(), decided_at = now(),
      decided_by = (SELECT member_id FROM member WHERE name = 'other') WHERE approval_id = '${who.asked.id}' RETURNING state`)
    expect(rows).toEqual([{ state: 'executing' }])
    await expect(erase(who)).rejects.toMatchObject({ problem: { status: 429, code: 'approvals.running' } })
    expect(await who.client.whoami()).toMatchObject({ memberId: who.id })
  })
})

test('removing a member leaves what others asked for and they decided', async () => {
  const who = await somebody()
  await house.admin.send('DELETE', `/api/v1/members/${who.id}`)
  const left = await house.admin.json<ApprovalBody>('GET', `/api/v1/approvals/${who.approved.id}`)
  expect(left).toMatchObject({ state: 'executed', decidedBy: { memberId: who.id } })
})
