// Whether the time of a refused sign-in tells which accounts there are: kinds of account in turn, each try from another network.
// node scripts/start.mjs run bench/faults/sign-in.ts
import { newId } from '../../src/domain/index.ts'
import type { MemberBody } from '../../src/contract/index.ts'
import { Browser } from '../../test/support/browser.ts'
import setup from '../../test/support/global-setup.ts'
import { servedHouse } from '../../test/support/served-house.ts'
import { goodPassword } from '../../test/support/signed-in.ts'
import { median, round } from '../figures.ts'
import { about, saveResult } from '../report.ts'

const rounds = 200
const kinds = ['wrong password', 'nobody', 'no password', 'disabled'] as const
type Kind = (typeof kinds)[number]

const stopServer = await setup()
const house = await servedHouse({ http: { trustedProxies: ['127.0.0.1'] } })

async function member(name: string, password: boolean): Promise<string> {
  const { id } = await house.admin.json<MemberBody>('POST', '/api/v1/members', { name })
  if (password) await house.admin.send('PUT', `/api/v1/members/${id}/password`, { body: { password: goodPassword } })
  return id
}

await member('wrong-password', true)
await member('no-password', false)
const disabled = await member('is-disabled', true)
await house.admin.send('PATCH', `/api/v1/members/${disabled}`, { body: { isDisabled: true } })
const nameOf: Readonly<Record<Kind, () => string>> = {
  'wrong password': () => 'wrong-password',
  nobody: () => `nobody-${newId()}`,
  'no password': () => 'no-password',
  disabled: () => 'is-disabled',
}

let networks = 0
async function refusedInMs(name: string): Promise<number> {
  networks += 1
  const from = `10.${(networks >> 16) & 255}.${(networks >> 8) & 255}.${networks & 255}`
  const beganMs = performance.now()
  const response = await new Browser().post(
    `${house.url}/auth/sign-in`,
    { name, password: 'wrong horse battery' },
    { 'x-forwarded-for': from },
  )
  await response.text()
  const elapsedMs = performance.now() - beganMs
  if (response.status !== 401) throw new Error(`${name} was answered with ${response.status}`)
  return elapsedMs
}

const taken: Record<Kind, number[]> = { 'wrong password': [], nobody: [], 'no password': [], disabled: [] }
for (let round = -10; round < rounds; round++)
  for (let at = 0; at < kinds.length; at++) {
    const kind = kinds[(at + Math.abs(round)) % kinds.length] as Kind // each comes after each other
    const elapsedMs = await refusedInMs(nameOf[kind]())
    if (round >= 0) taken[kind].push(elapsedMs)
  }
await house.close()
await stopServer()

/** How well one try tells the two apart: the share of pairs in which the first is slower; 0.5 is not at all. */
function slower(one: readonly number[], other: readonly number[]): number {
  const won = one.reduce((sum, a) => sum + other.filter((b) => a > b).length, 0)
  return won / (one.length * other.length)
}

const known = taken['wrong password']
saveResult('sign-in', {
  about: about('node scripts/start.mjs run bench/faults/sign-in.ts'),
  rounds,
  medianMs: Object.fromEntries(kinds.map((kind) => [kind, round(median(taken[kind]))])),
  ratioToWrongPassword: Object.fromEntries(kinds.slice(1).map((kind) => [kind, round(median(taken[kind]) / median(known), 3)])),
  slowerThanWrongPassword: Object.fromEntries(kinds.slice(1).map((kind) => [kind, round(slower(taken[kind], known), 3)])),
  // What the first half says of the second: the same account against itself.
  itselfAgain: round(slower(known.slice(rounds / 2), known.slice(0, rounds / 2)), 3),
})
