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

const sections = ['members', 'tokens', 'connections', 'history'] as const
type Section = (typeof sections)[number]

interface Call {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Where the id of what was made goes. */
  readonly made?: Section
}

const kept = 200

/** Requests of one tenant and then the other, also for what is the other's by its very id. */
export async function tryApi(url: string, parties: readonly [Party, Party], dice: Dice, tally: Tally): Promise<void> {
  while (!tally.isOver()) {
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
    if (call.made !== undefined && response.ok)
      me.ids[call.made] = [(JSON.parse(text) as { id: string }).id, ...me.ids[call.made]].slice(0, kept)
    if (call.path === '/api/v1/history' && response.ok)
      me.ids.history = (JSON.parse(text) as { items: readonly { id: string }[] }).items.map(({ id }) => id)
  }
}

/** The other's rows, which carry its mark, and anything it has made whose id these people have not typed themselves. */
function breachOf(me: Party, text: string, them: Party): string | null {
  const theirs = [`mark-${them.name}-row`, ...Object.values(them.ids).flat()]
  const found = theirs.find((one) => text.includes(one) && !me.typed.has(one))
  return found === undefined ? null : `${found} of ${them.name}`
}

function callOf(dice: Dice, me: Party, them: Party): Call {
  const section = dice.pick(sections)
  const [own, foreign] = [dice.pick([...me.ids[section], 'none']), dice.pick([...them.ids[section], 'none'])]
  const v1 = '/api/v1'
  const name = `mark-${me.name}-row-${dice.below(1e9)}`
  const calls: readonly Call[] = [
    ...['members', 'tokens', 'connections', 'history', 'audit', 'roles', 'groups', 'approvals'].map((path) => ({
      method: 'GET',
      path: `${v1}/${path}`,
    })),
    { method: 'GET', path: `${v1}/audit?text=mark-${them.name}` },
    { method: 'GET', path: `${v1}/${section}/${own}` },
    { method: 'GET', path: `${v1}/${section}/${foreign}` },
    { method: 'DELETE', path: `${v1}/${section}/${foreign}` },
    { method: 'PATCH', path: `${v1}/members/${dice.pick([...them.ids.members, 'none'])}`, body: { role: 'admin' } },
    { method: 'PUT', path: `${v1}/connections/${dice.pick([...them.ids.connections, 'none'])}/policy`, body: {} },
    { method: 'GET', path: `${v1}/connections/${dice.pick([...them.ids.connections, 'none'])}/catalog` },
    { method: 'GET', path: `${v1}/connections/shop/catalog` },
    { method: 'GET', path: `${v1}/connections`, headers: { 'x-aishell-tenant': them.name } },
    { method: 'GET', path: `${v1}/tenants/${them.id}/export` },
    { method: 'POST', path: `${v1}/members`, body: { name, kind: 'service' }, made: 'members' },
    { method: 'POST', path: `${v1}/tokens`, body: { name }, made: 'tokens' },
    { method: 'POST', path: `${v1}/tokens`, body: { name, kind: 'service', member: dice.pick([...them.ids.members, 'none']) } },
    { method: 'POST', path: `${v1}/questions`, body: { connection: 'shop', sql: 'SELECT id, owner FROM item ORDER BY id' } },
    { method: 'POST', path: `${v1}/questions`, body: { connection: 'shop', text: 'how many items are there' } },
    {
      method: 'POST',
      path: `${v1}/questions`,
      body: { connection: dice.pick([...them.ids.connections, 'none']), sql: 'SELECT owner FROM item' },
    },
  ]
  return dice.pick(calls)
}
