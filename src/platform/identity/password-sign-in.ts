import { newId, ShellError, type Actor, type Scope } from '../../domain/index.ts'
import type { People, SignInPlace } from '../tenancy/index.ts'
import { sql, type Query } from '../store/index.ts'
import { isAt } from './at-place.ts'
import type { IdentityRooms } from './authenticate.ts'
import { checkPassword } from './password-rules.ts'
import { hashPassword, isOutdated, isPassword, storePassword } from './passwords.ts'
import { createSession, revokeSessions, type SessionStart } from './sessions.ts'
import type { SignIn, SignInOutcome } from './sign-in.ts'
import type { SignedIn, Visitor } from './signed-in.ts'
import { countTry, networkOf, type Attempt } from './throttle.ts'
import { hashToken, isSecretText, newSecretText } from './token-text.ts'

const invitationMs = 3 * 86_400_000
const knownDevices = 20
const noMember = '00000000-0000-0000-0000-000000000000'

interface Account {
  readonly memberId: string
  readonly name: string
  readonly hash: string | null
  readonly isKnownDevice: boolean
}

export async function signInWithPassword(
  rooms: IdentityRooms,
  place: SignInPlace,
  given: { readonly name: string; readonly password: string },
  visitor: Visitor,
): Promise<SignInOutcome> {
  const { scope, countedIn } = place
  const found = await findAccount(rooms, countedIn, given.name, visitor)
  const account = scope === null ? null : found // nobody is a member of a tenant that is not there; it costs the same to say so
  const attempt = scope === null ? attemptNowhere(place, given.name, visitor) : attemptOf(given.name, visitor, account)
  const { seconds, forget } = await countTry(rooms, countedIn, attempt)
  if (seconds > 0) return { kind: 'wait', seconds }
  // An account without a password costs the same time as a wrong one.
  if (
    !(await isPassword(rooms.observe, account?.hash ?? null, given.password)) ||
    scope === null ||
    account === null ||
    account.hash === null
  )
    return { kind: 'refused' }
  await forget()
  if (isOutdated(account.hash)) {
    const renewed = await hashPassword(rooms.observe, given.password)
    await rooms.store.within(scope, (query) => storePassword(query, scope, account.memberId, renewed, rooms.now()))
  }
  return begin(rooms, scope, account, { method: 'password' }, visitor)
}

export async function changePassword(
  rooms: IdentityRooms,
  actor: Actor,
  given: { readonly current: string; readonly password: string },
  visitor: Visitor,
): ReturnType<SignIn['changePassword']> {
  const account = await accountOf(rooms, actor, actor.memberId, visitor)
  const attempt = attemptOf(account?.name ?? actor.memberId, visitor, account)
  const { seconds, forget } = await countTry(rooms, actor, attempt)
  if (seconds > 0) return { kind: 'wait', seconds }
  if (!(await isPassword(rooms.observe, account?.hash ?? null, given.current)) || account === null) return { kind: 'refused' }
  await forget()
  await checkPassword(given.password, [account.name])
  await replacePassword(rooms, actor, actor.memberId, given.password)
  return { kind: 'changed' }
}

export async function setPassword(rooms: IdentityRooms, people: People, actor: Actor, memberId: string, password: string): Promise<void> {
  refuseAgent(actor)
  const member = await people.member(actor, memberId)
  await people.requireAbove(actor, member.id)
  await checkPassword(password, [member.name])
  await replacePassword(rooms, actor, member.id, password)
}

export async function invite(rooms: IdentityRooms, people: People, actor: Actor, memberId: string): ReturnType<SignIn['invite']> {
  refuseAgent(actor)
  const member = await people.member(actor, memberId)
  await people.requireAbove(actor, member.id)
  const [text, now] = [newSecretText('invitation'), rooms.now()]
  const expiresAt = new Date(now.getTime() + invitationMs)
  await rooms.store.within(actor, async (query) => {
    await query.deleteFrom('invitation').where('member_id', '=', member.id).execute()
    const fields = {
      invitation_id: newId(),
      member_id: member.id,
      hash: hashToken(text),
      created_at: now,
      expires_at: expiresAt,
      used_at: null,
    }
    await query
      .insertInto('invitation')
      .values({ tenant_id: actor.tenantId, ...fields })
      .execute()
  })
  return { text, expiresAt }
}

/** As it makes no tokens: with a password it gave itself it could be the person who approves what it asked for. */
function refuseAgent(actor: Actor): void {
  if (actor.kind !== 'agent') return
  throw new ShellError({
    code: 'identity.not-for-agents',
    kind: 'denied',
    message: 'An agent lets nobody sign in: it sets no passwords and invites nobody.',
    hint: 'Let a person do it, or a service that keeps members.',
  })
}

export async function readInvitation(
  rooms: IdentityRooms,
  place: SignInPlace,
  text: string,
): Promise<(Account & { readonly scope: Scope }) | null> {
  if (!isSecretText('invitation', text)) return null
  const hash = hashToken(text)
  const { rows } = await rooms.store.withoutTenant((query) =>
    sql<{ tenant_id: string | null }>`SELECT invitation_tenant(${hash}) AS tenant_id`.execute(query),
  )
  const tenantId = rows[0]?.tenant_id ?? null
  if (tenantId === null) return null
  const scope = { tenantId }
  if (!isAt(place, scope)) return null
  const row = await rooms.store.within(scope, (query) => openInvitation(query, hash, rooms.now()).executeTakeFirst())
  return row === undefined ? null : { scope, memberId: row.member_id, name: row.name, hash: null, isKnownDevice: false }
}

export async function acceptInvitation(
  rooms: IdentityRooms,
  place: SignInPlace,
  text: string,
  password: string,
  visitor: Visitor,
): Promise<SignedIn | null> {
  const invited = await readInvitation(rooms, place, text)
  if (invited === null) return null
  await rooms.requireServed(invited.scope)
  await checkPassword(password, [invited.name])
  const { scope, memberId } = invited
  const [stored, now] = [await hashPassword(rooms.observe, password), rooms.now()]
  const isFirst = await rooms.store.within(scope, async (query) => {
    // Of two who use it at once, one finds it used.
    const { numUpdatedRows } = await query
      .updateTable('invitation')
      .set({ used_at: now })
      .where('hash', '=', hashToken(text))
      .where('used_at', 'is', null)
      .executeTakeFirstOrThrow()
    if (numUpdatedRows === 1n) await storePassword(query, scope, memberId, stored, now)
    return numUpdatedRows === 1n
  })
  if (!isFirst) return null
  await revokeSessions(rooms, scope, { memberId })
  return begin(rooms, scope, invited, { method: 'invitation' }, visitor)
}

/** A session, and a place for this browser among those known. Throws `tenancy.suspended`: to those only who have proven who they are. */
export async function begin(
  rooms: IdentityRooms,
  scope: Scope,
  member: { readonly memberId: string; readonly name: string },
  start: Pick<SessionStart, 'method' | 'provider'>,
  visitor: Visitor,
): Promise<SignedIn> {
  const { memberId } = member
  await rooms.requireServed(scope)
  const session = await createSession(rooms, scope, { ...start, memberId, client: visitor.client })
  const device = visitor.device !== null && isSecretText('browser', visitor.device) ? visitor.device : newSecretText('browser')
  await rooms.store.within(scope, async (query) => {
    await query
      .insertInto('known_device')
      .values({ tenant_id: scope.tenantId, member_id: memberId, hash: hashToken(device), seen_at: rooms.now() })
      .onConflict((conflict) => conflict.columns(['tenant_id', 'member_id', 'hash']).doUpdateSet({ seen_at: rooms.now() }))
      .execute()
    const kept = query
      .selectFrom('known_device')
      .select('hash')
      .where('member_id', '=', memberId)
      .orderBy('seen_at', 'desc')
      .limit(knownDevices)
    await query.deleteFrom('known_device').where('member_id', '=', memberId).where('hash', 'not in', kept).execute()
  })
  return { kind: 'signed-in', scope, memberId, memberName: member.name, session, device }
}

/** Whoever knew the old one is out. */
async function replacePassword(rooms: IdentityRooms, scope: Scope, memberId: string, password: string): Promise<void> {
  const stored = await hashPassword(rooms.observe, password)
  await rooms.store.within(scope, async (query) => {
    await storePassword(query, scope, memberId, stored, rooms.now())
    await query.deleteFrom('invitation').where('member_id', '=', memberId).execute()
    await query.deleteFrom('known_device').where('member_id', '=', memberId).execute()
  })
  await revokeSessions(rooms, scope, { memberId })
}

function openInvitation(query: Query, hash: Buffer, now: Date) {
  return query
    .selectFrom('invitation')
    .innerJoin('member', (join) =>
      join.onRef('member.tenant_id', '=', 'invitation.tenant_id').onRef('member.member_id', '=', 'invitation.member_id'),
    )
    .select(['member.member_id', 'member.name'])
    .where('invitation.hash', '=', hash)
    .where('invitation.used_at', 'is', null)
    .where('invitation.expires_at', '>', now)
    .where('member.disabled_at', 'is', null)
    .where('member.kind', '=', 'person')
}

async function findAccount(rooms: IdentityRooms, scope: Scope, name: string, visitor: Visitor): Promise<Account | null> {
  return readAccount(rooms, scope, visitor, (query) => accounts(query).where('member.name', '=', name).executeTakeFirst())
}

async function accountOf(rooms: IdentityRooms, scope: Scope, memberId: string, visitor: Visitor): Promise<Account | null> {
  return readAccount(rooms, scope, visitor, (query) => accounts(query).where('member.member_id', '=', memberId).executeTakeFirst())
}

async function readAccount(
  rooms: IdentityRooms,
  scope: Scope,
  { device }: Visitor,
  read: (query: Query) => Promise<{ member_id: string; name: string; hash: string | null } | undefined>,
): Promise<Account | null> {
  return rooms.store.within(scope, async (query) => {
    const row = await read(query)
    const deviceHash = hashToken(device ?? '')
    const known = await query
      .selectFrom('known_device')
      .select('hash')
      .where('member_id', '=', row?.member_id ?? noMember) // asked for nobody too: it takes a moment
      .where('hash', '=', deviceHash)
      .executeTakeFirst()
    if (row === undefined) return null
    return { memberId: row.member_id, name: row.name, hash: row.hash, isKnownDevice: known !== undefined }
  })
}

function accounts(query: Query) {
  return query
    .selectFrom('member')
    .leftJoin('password', (join) =>
      join.onRef('password.tenant_id', '=', 'member.tenant_id').onRef('password.member_id', '=', 'member.member_id'),
    )
    .select(['member.member_id', 'member.name', 'password.hash'])
    .where('member.disabled_at', 'is', null)
    .where('member.kind', '=', 'person')
}

function attemptOf(name: string, visitor: Visitor, account: Account | null): Attempt {
  return { account: name, network: visitor.network, device: account?.isKnownDevice === true ? visitor.device : null }
}

/** Counted beside the accounts of `default` and apart from them, as any other tenant counts its own. */
function attemptNowhere({ named }: SignInPlace, name: string, visitor: Visitor): Attempt {
  const apart = `\0${named ?? ''}`
  return { account: `${name}${apart}`, network: `${networkOf(visitor.network)}${apart}`, device: null }
}
