import { isUuid, mayDo, newId, ShellError, type Actor, type Scope } from '../../domain/index.ts'
import type { TokenBody, TokenInput } from '../../contract/index.ts'
import type { People, Tenancy } from '../tenancy/index.ts'
import type { IdentityRooms } from './authenticate.ts'
import { knownKind, knownVerbs } from './found-credential.ts'
import type { Identity } from './identity.ts'
import { noSuchToken, tokensDenied } from './identity-errors.ts'
import { scopeOfNewToken, type TokenScope } from './token-scope.ts'
import { hashToken, isTokenText, newTokenText } from './token-text.ts'

const dayMs = 86_400_000

export type NewToken = TokenBody & { readonly token: string }

export async function listTokens(rooms: IdentityRooms, actor: Actor): Promise<readonly TokenBody[]> {
  requireTokens(actor)
  return rooms.store.within(actor, async (query) => {
    const all = query.selectFrom('token').select(shownColumns).orderBy('created_at').orderBy('token_id')
    const rows = await (seesAll(actor) ? all : all.where('member_id', '=', actor.memberId)).execute()
    return rows.map(tokenBody)
  })
}

/** For oneself, or by whoever manages members for a service. */
export async function createToken(rooms: IdentityRooms, people: People, actor: Actor, input: TokenInput): Promise<NewToken> {
  requireTokens(actor)
  if (input.member === undefined) return insertToken(rooms, actor, { memberId: actor.memberId, ...scopeOfNewToken(actor, input) }, input)
  const member = await people.member(actor, input.member)
  await people.requireAbove(actor, member.id)
  if (member.kind !== 'service' || input.kind === 'person')
    throw new ShellError({
      code: 'identity.not-a-service',
      kind: 'denied',
      message: 'Tokens for others can be made for services only, of kind service or agent.',
      hint: 'People make their own: they sign in and use `aishell tokens create`.',
    })
  const { kind, verbs = null, connections = null } = input
  return insertToken(rooms, actor, { memberId: member.id, role: null, kind, verbs, connections }, input)
}

export async function insertToken(
  rooms: IdentityRooms,
  scope: Scope,
  given: TokenScope & { readonly memberId: string },
  input: { readonly name: string; readonly expiresInDays: number },
): Promise<NewToken> {
  const token = newTokenText()
  const row = await rooms.store.within(scope, (query) =>
    query
      .insertInto('token')
      .values({
        tenant_id: scope.tenantId,
        token_id: newId(),
        member_id: given.memberId,
        name: input.name,
        kind: given.kind,
        role: given.role,
        verbs: given.verbs === null ? null : [...given.verbs],
        connections: given.connections === null ? null : [...given.connections],
        hash: hashToken(token),
        created_at: rooms.now(),
        expires_at: new Date(rooms.now().getTime() + input.expiresInDays * dayMs),
        last_used_at: null,
        revoked_at: null,
      })
      .returning(shownColumns)
      .executeTakeFirstOrThrow(),
  )
  return { ...tokenBody(row), token }
}

export async function revokeToken(rooms: IdentityRooms, actor: Actor, id: string): Promise<void> {
  requireTokens(actor)
  const found = isUuid(id)
    ? await rooms.store.within(actor, async (query) => {
        const named = query.updateTable('token').where('token_id', '=', id)
        const own = seesAll(actor) ? named : named.where('member_id', '=', actor.memberId)
        return own
          .set((set) => ({ revoked_at: set.fn.coalesce('revoked_at', set.val(rooms.now())) }))
          .returning('token_id')
          .executeTakeFirst()
      })
    : undefined
  if (found === undefined) throw noSuchToken()
  rooms.forget(actor, (credential) => credential.credentialId === id)
}

/** The very token a request came with; anybody may give theirs back. */
export async function revokeOwnToken(rooms: IdentityRooms, actor: Actor): Promise<void> {
  const id = actor.tokenId
  if (id === null) throw noSuchToken()
  await rooms.store.within(actor, (query) =>
    query.updateTable('token').set({ revoked_at: rooms.now() }).where('token_id', '=', id).where('revoked_at', 'is', null).execute(),
  )
  rooms.forget(actor, (credential) => credential.credentialId === id)
}

/** A token start-up hands out. One given by the operator keeps its place across restarts, and stays revoked once somebody revoked it. */
export async function issueToken(
  rooms: IdentityRooms,
  tenancy: Tenancy,
  scope: Scope,
  issue: Parameters<Identity['issueToken']>[1],
): Promise<string> {
  const member = await tenancy.member(scope, issue.memberId)
  const token = issue.token ?? newTokenText()
  if (!isTokenText(token))
    throw new ShellError({
      code: 'identity.token-shape',
      kind: 'invalid',
      message: 'The given token is not `ais_` and 32 to 200 letters, digits, dashes or underscores.',
    })
  const hash = hashToken(token)
  const now = rooms.now()
  const expiresAt = new Date(now.getTime() + issue.expiresInDays * dayMs)
  const row = await rooms.store.within(scope, async (query) => {
    await query
      .deleteFrom('token')
      .where('member_id', '=', member.id)
      .where('name', '=', issue.name)
      .where('hash', '!=', hash)
      .where('revoked_at', 'is', null)
      .execute()
    return query
      .insertInto('token')
      .values({
        tenant_id: scope.tenantId,
        token_id: newId(),
        member_id: member.id,
        name: issue.name,
        kind: 'person',
        role: null,
        verbs: null,
        connections: null,
        hash,
        created_at: now,
        expires_at: expiresAt,
        last_used_at: null,
        revoked_at: null,
      })
      .onConflict((conflict) => conflict.column('hash').doUpdateSet({ expires_at: expiresAt, name: issue.name, role: null }))
      .returning('revoked_at')
      .executeTakeFirstOrThrow()
  })
  if (row.revoked_at !== null)
    rooms.observe({
      type: 'warning',
      code: 'identity.token-stays-revoked',
      message: `The token given for "${issue.name}" was revoked and stays so; give another one.`,
    })
  return token
}

const shownColumns = [
  'token_id',
  'name',
  'member_id',
  'role',
  'kind',
  'verbs',
  'connections',
  'created_at',
  'expires_at',
  'last_used_at',
  'revoked_at',
] as const

interface ShownRow {
  readonly token_id: string
  readonly name: string
  readonly member_id: string
  readonly role: string | null
  readonly kind: string
  readonly verbs: string[] | null
  readonly connections: string[] | null
  readonly created_at: Date
  readonly expires_at: Date
  readonly last_used_at: Date | null
  readonly revoked_at: Date | null
}

function tokenBody(row: ShownRow): TokenBody {
  return {
    id: row.token_id,
    name: row.name,
    memberId: row.member_id,
    role: row.role,
    kind: knownKind(row.kind),
    verbs: knownVerbs(row.verbs),
    connections: row.connections,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
  }
}

/** Admins keep the tenant's tokens, but not with a credential that is narrowed to less. */
function seesAll(actor: Actor): boolean {
  return mayDo(actor, 'manage-members')
}

function requireTokens(actor: Actor): void {
  if (!mayDo(actor, 'manage-tokens')) throw tokensDenied()
}
