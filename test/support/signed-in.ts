import { newId } from '../../src/domain/index.ts'
import type { InvitationBody, MemberBody } from '../../src/contract/index.ts'
import { Browser } from './browser.ts'
import type { ServedHouse } from './served-house.ts'

export const goodPassword = 'winter orbit lamp seven'

/** A new member and the link with which they set a password. */
export async function invited(
  house: ServedHouse,
  role = 'reader',
): Promise<{ readonly id: string; readonly name: string; readonly link: string }> {
  const name = `p-${newId()}`
  const { id } = await house.admin.json<MemberBody>('POST', '/api/v1/members', { name, role })
  const { url } = await house.admin.json<InvitationBody>('POST', `/api/v1/members/${id}/invitation`)
  return { id, name, link: url }
}

/** A member with a password, signed in with a browser of their own. */
export async function person(
  house: ServedHouse,
  role = 'reader',
): Promise<{ readonly id: string; readonly name: string; readonly browser: Browser }> {
  const { id, name, link } = await invited(house, role)
  const browser = new Browser()
  const token = new URL(link).searchParams.get('token') ?? ''
  const response = await browser.post(`${house.url}/auth/invitation`, { token, password: goodPassword, again: goodPassword })
  if (response.status !== 303) throw new Error(`the invitation led to ${response.status}`)
  return { id, name, browser }
}
