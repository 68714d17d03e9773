import { randomInt } from 'node:crypto'
import { newId, ShellError, type Actor, type Scope } from '../../domain/index.ts'
import type { DeviceLoginBody, DevicePollBody } from '../../contract/index.ts'
import { sql, type Query } from '../store/index.ts'
import type { SignInPlace } from '../tenancy/index.ts'
import { isAt } from './at-place.ts'
import type { IdentityRooms } from './authenticate.ts'
import { insertToken } from './tokens.ts'
import { hashToken, isSecretText, newSecretText } from './token-text.ts'

const lifeS = 600
const startIntervalS = 5
const slowDownS = 5
const tokenDays = 30
const maxPending = 1_000
/** Letters that make no words and are not taken for one another (RFC 8628 §6.1). */
const alphabet = 'BCDFGHJKLMNPQRSTVWXZ'
const codeLength = 8

/** RFC 8628, served by ourselves: the terminal shows a code, a person who has signed in confirms it, the terminal gets a token. */
export async function beginDeviceLogin(
  rooms: IdentityRooms,
  place: SignInPlace,
  client: string,
  baseUrl: string,
): Promise<DeviceLoginBody> {
  const [deviceCode, userCode, now] = [newSecretText('device'), newUserCode(), rooms.now()]
  const [scope, ward] = [place.countedIn, wardOf(place)]
  await rooms.store.within(scope, async (query) => {
    await query.deleteFrom('device_login').where('expires_at', '<', now).execute()
    const { count } = await query
      .selectFrom('device_login')
      .select((select) => select.fn.countAll<string>().as('count'))
      .where(ofWard(ward))
      .executeTakeFirstOrThrow()
    if (Number(count) >= maxPending) throw tooMany()
    await query
      .insertInto('device_login')
      .values({
        tenant_id: scope.tenantId,
        device_login_id: newId(),
        hash: hashToken(deviceCode),
        user_code: `${ward}${userCode}`,
        client: shownClient(client),
        created_at: now,
        expires_at: new Date(now.getTime() + lifeS * 1000),
        polled_at: null,
        interval_s: startIntervalS,
        member_id: null,
      })
      .execute()
  })
  const shown = `${userCode.slice(0, 4)}-${userCode.slice(4)}`
  const verificationUri = `${baseUrl}/auth/device`
  return {
    deviceCode,
    userCode: shown,
    verificationUri,
    verificationUriComplete: `${verificationUri}?code=${shown}`,
    expiresInS: lifeS,
    intervalS: startIntervalS,
  }
}

export async function findDeviceLogin(rooms: IdentityRooms, actor: Actor, userCode: string): Promise<{ readonly client: string } | null> {
  const code = plainCode(userCode)
  const row = await rooms.store.within(actor, (query) => pending(query, code, rooms.now()).select('client').executeTakeFirst())
  return row ?? null
}

export async function decideDeviceLogin(rooms: IdentityRooms, actor: Actor, userCode: string, isConfirmed: boolean): Promise<boolean> {
  const code = plainCode(userCode)
  const { numUpdatedRows } = await rooms.store.within(actor, (query) =>
    query
      .updateTable('device_login')
      .set(isConfirmed ? { state: 'confirmed', member_id: actor.memberId } : { state: 'denied' })
      .where('user_code', '=', code)
      .where('state', '=', 'pending')
      .where('expires_at', '>', rooms.now())
      .executeTakeFirstOrThrow(),
  )
  return numUpdatedRows === 1n
}

export async function pollDeviceLogin(rooms: IdentityRooms, place: SignInPlace, deviceCode: string): Promise<DevicePollBody> {
  const scope = await scopeOf(rooms, deviceCode)
  if (scope === null) return ended('expired')
  const now = rooms.now()
  const hash = hashToken(deviceCode)
  const row = await rooms.store.within(scope, async (query) => {
    const found = await query.selectFrom('device_login').selectAll().where('hash', '=', hash).forUpdate().executeTakeFirst()
    if (found === undefined || found.expires_at <= now || found.state === 'used') return null
    if (!isBegunAt(place, scope, found.user_code)) return null
    const isHasty = found.polled_at !== null && now.getTime() - found.polled_at.getTime() < found.interval_s * 1000
    const interval = isHasty ? found.interval_s + slowDownS : found.interval_s
    const state = found.state === 'confirmed' && !isHasty ? ('used' as const) : found.state
    await query.updateTable('device_login').set({ polled_at: now, interval_s: interval, state }).where('hash', '=', hash).execute()
    return { ...found, interval_s: interval, isHasty }
  })
  if (row === null) return ended('expired')
  if (row.isHasty) return { ...ended('slow-down'), intervalS: row.interval_s }
  if (row.state === 'denied') return ended('denied')
  if (row.state !== 'confirmed' || row.member_id === null) return { ...ended('pending'), intervalS: row.interval_s }
  const made = await insertToken(
    rooms,
    scope,
    { memberId: row.member_id, role: null, kind: 'person', verbs: null, connections: null },
    { name: `login on ${row.client}`.slice(0, 80), expiresInDays: tokenDays },
  )
  return { state: 'confirmed', intervalS: row.interval_s, token: made.token, expiresAt: made.expiresAt }
}

async function scopeOf(rooms: IdentityRooms, deviceCode: string): Promise<Scope | null> {
  if (!isSecretText('device', deviceCode)) return null
  const { rows } = await rooms.store.withoutTenant((query) =>
    sql<{ tenant_id: string | null }>`SELECT device_login_tenant(${hashToken(deviceCode)}) AS tenant_id`.execute(query),
  )
  const tenantId = rows[0]?.tenant_id ?? null
  return tenantId === null ? null : { tenantId }
}

/**
 * What stands before the codes of terminals that wait at a tenant which is not there: with it no code that a person types is theirs,
 * and it tells one such place from another. Those of a tenant that is there have none.
 */
function wardOf({ scope, named }: SignInPlace): string {
  return scope === null ? `${hashToken(named ?? '').toString('hex')} ` : ''
}

function ofWard(ward: string) {
  return ward === '' ? sql<boolean>`strpos(user_code, ' ') = 0` : sql<boolean>`starts_with(user_code, ${ward})`
}

function isBegunAt(place: SignInPlace, scope: Scope, keptCode: string): boolean {
  if (place.named === null) return true
  const isNowhere = keptCode.includes(' ')
  return place.scope === null ? isNowhere && keptCode.startsWith(wardOf(place)) : !isNowhere && isAt(place, scope)
}

function pending(query: Query, code: string, now: Date) {
  return query.selectFrom('device_login').where('user_code', '=', code).where('state', '=', 'pending').where('expires_at', '>', now)
}

function ended(state: DevicePollBody['state']): DevicePollBody {
  return { state, intervalS: startIntervalS, token: null, expiresAt: null }
}

function newUserCode(): string {
  return Array.from({ length: codeLength }, () => alphabet[randomInt(alphabet.length)]).join('')
}

/** As people type it: with or without the dash, in either case. */
function plainCode(typed: string): string {
  return typed
    .toUpperCase()
    .replace(/[^A-Z]/g, '')
    .slice(0, 20)
}

/** A person will read it before they confirm: nothing in it may look like more than a name. */
function shownClient(client: string): string {
  return client.replace(/[^\p{L}\p{N} ._@-]/gu, '?').slice(0, 80)
}

function tooMany(): ShellError {
  return new ShellError({
    code: 'identity.too-many-logins',
    kind: 'busy',
    message: 'Too many terminals wait to be confirmed.',
    hint: 'Try again in some minutes.',
  })
}
