import type { Dice } from '../../../test/support/dice.ts'
import type { Tally } from './tally.ts'

/** One tenant as its people meet it. Everything they write carries the mark, and so does their database. */
export interface Party {
  readonly id: string
  readonly name: string
  readonly token: string
  /** Ids of what they have made, by section of the API. */
  readonly ids: Record<Section, string[]>
  /** Ids of the other that these people have typed themselves: their own record says so. */
  readonly typed: Set<string>
}

const sections = ['members', 'tokens', 'connections', 'history', 'approvals', 'groups', 'roles'] as const
type Section = (typeof sections)[number]

interface Call {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Where the id of what was made goes; a group or a role is called as the caller says. */
  readonly made?: Section
}

const kept = 200
const v1 = '/api/v1'

/** Requests of one tenant and then the other, also for what is the other's by its very id. */
export async function tryApi(url: string, parties: readonly [Party, Party], dice: Dice, tally: Tally): Promise<void> {
  while (!tally.areRequestsOver()) {
    const at = dice.below(2)
    const [me, them] = at === 0 ? parties : [parties[1], parties[0]]
    const call = callOf(dice, me, them)
    for (const id of Object.values(them.ids).flat()) if (JSON.stringify(call).includes(id)) me.typed.add(id)
    const response = await fetch(`${url}${call.path}`, {
      method: call.method,
      headers: {
        authorization: `Bearer ${me.token}`,
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...call.headers,
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    })
    const text = await response.text()
    tally.request(response.status, breachOf(me, text, them))
    if (response.ok) remember(me, call, text)
  }
}

/** Ids of what was made, and of what stands in the lists that only grow by what is asked. */
function remember(me: Party, { method, path, made }: Call, text: string): void {
  if (made !== undefined) {
    const id = method === 'PUT' ? (path.split('/').at(-1) ?? '') : (JSON.parse(text) as { id: string }).id
    me.ids[made] = [id, ...me.ids[made].filter((one) => one !== id)].slice(0, kept)
  }
  for (const list of ['history', 'approvals'] as const)
    if (path === `${v1}/${list}`) me.ids[list] = (JSON.parse(text) as { items: readonly { id: string }[] }).items.map(({ id }) => id)
}

/** The other's rows, which carry its mark, and anything it has made whose id these people have not typed themselves. */
function breachOf(me: Party, text: string, them: Party): string | null {
  const theirs = [`mark-${them.name}-row`, ...Object.values(them.ids).flat()]
  const found = theirs.find((one) => text.includes(one) && !me.typed.has(one))
  return found === undefined ? null : `${found} of ${them.name}`
}

function callOf(dice: Dice, me: Party, them: Party): Call {
  const own = (section: Section): string => dice.pick([...me.ids[section], 'none'])
  const foreign = (section: Section): string => dice.pick([...them.ids[section], 'none'])
  const name = `mark-${me.name}-row-${dice.below(1e9)}`
  if (dice.below(200) === 0) return get('audit/export') // reads the whole record
  const ways = [ownCalls(own, me.name, name), listCalls(them), namedCalls({ own, foreign }, them, name), idCalls(foreign)]
  return dice.pick(dice.pick(ways))
}

type Pick = (section: Section) => string

const get = (path: string, more: Partial<Call> = {}): Call => ({ method: 'GET', path: `${v1}/${path}`, ...more })
const post = (path: string, body?: unknown, made?: Section): Call => ({
  ...{ method: 'POST', path: `${v1}/${path}` },
  ...(body === undefined ? {} : { body }),
  ...(made === undefined ? {} : { made }),
})
const put = (path: string, body: unknown, made?: Section): Call => ({ ...post(path, body, made), method: 'PUT' })
const remove = (path: string): Call => ({ method: 'DELETE', path: `${v1}/${path}` })

/** What they have of their own grows, so that there is something to see. */
function ownCalls(own: Pick, owner: string, name: string): readonly Call[] {
  const called = `${owner}-crew-${name.slice(-3)}`
  return [
    ...sections.map((section) => get(`${section}/${own(section)}`)),
    get('connections/shop/catalog'),
    post('members', { name, kind: 'service' }, 'members'),
    post('tokens', { name }, 'tokens'),
    put(`groups/${called}`, { roles: ['reader'] }, 'groups'),
    put(`roles/${called}`, { grants: [{ verbs: ['read-history'] }] }, 'roles'),
    post('questions', { connection: 'shop', sql: 'SELECT id, owner FROM item ORDER BY id' }),
    post('questions', { connection: 'shop', sql: `UPDATE item SET owner = '${name}' WHERE id = 1` }),
    post('questions', { connection: 'shop', text: 'how many items are there' }),
  ]
}

/** Lists, and what a header or a filter could bring in of the other. */
function listCalls(them: Party): readonly Call[] {
  return [
    ...[...sections, 'audit', 'auth/sessions', 'auth/whoami', 'tenants'].map((path) => get(path)),
    get(`audit?text=mark-${them.name}`),
    get('connections', { headers: { 'x-aishell-tenant': them.name } }),
    get('history', { headers: { 'x-aishell-tenant': them.id } }),
  ]
}

/** What is the other's by the name of its tenant, or handed in beside something of one's own. */
function namedCalls({ own, foreign }: Record<'own' | 'foreign', Pick>, them: Party, name: string): readonly Call[] {
  const tenant = `tenants/${them.id}`
  return [
    ...['', '/export', '/usage', '/model', `/people/${foreign('members')}/export`].map((part) => get(`${tenant}${part}`)),
    ...['', '/model', `/people/${foreign('members')}?confirm=admin`].map((part) => remove(`${tenant}${part}`)),
    ...['suspend', 'resume'].map((verb) => post(`${tenant}/${verb}`)),
    put(`${tenant}/quotas`, {}),
    put(`operators/${foreign('members')}`, {}),
    post('tokens', { name, kind: 'service', member: foreign('members') }),
    put(`groups/${own('groups')}/members/${foreign('members')}`, {}),
    put(`groups/${foreign('groups')}/members/${foreign('members')}`, {}),
    post('questions', { connection: foreign('connections'), sql: 'SELECT owner FROM item' }),
    post('questions', { connection: foreign('connections'), text: 'how many items are there' }),
    post('drafts', { connection: foreign('connections'), text: 'how many items are there' }),
  ]
}

/** What is the other's by its own id. */
function idCalls(foreign: Pick): readonly Call[] {
  const [member, connection, approval] = [foreign('members'), foreign('connections'), foreign('approvals')]
  return [
    ...sections.flatMap((section) => [get(`${section}/${foreign(section)}`), remove(`${section}/${foreign(section)}`)]),
    ...['approve', 'reject', 'cancel'].map((verb) => post(`approvals/${approval}/${verb}`, {})),
    ...['policy', 'catalog'].map((part) => get(`connections/${connection}/${part}`)),
    put(`connections/${connection}/policy`, {}),
    post(`connections/${connection}/test`),
    { method: 'PATCH', path: `${v1}/members/${member}`, body: { role: 'admin' } },
    ...['invitation', 'sign-out'].map((verb) => post(`members/${member}/${verb}`)),
    put(`members/${member}/password`, { password: 'a new password of ours' }),
    get(`people/${member}/export`),
    remove(`people/${member}?confirm=admin`),
    remove(`questions/${foreign('history')}`),
  ]
}
