import { isUuid, newId, Secret, ShellError, type Actor, type Scope } from '../../domain/index.ts'
import {
  connectionShape,
  type ConnectionBody,
  type ConnectionInput,
  type PolicyBody,
  type ServerConnectionInput,
} from '../../contract/index.ts'
import type { EngineTarget, WriterSignIn } from '../engines/index.ts'
import { isUniqueViolation, sql, type Keyring, type Query, type Store } from '../store/index.ts'
import { stampOf, type KnownConnection } from './known-connection.ts'
import { policyOf, savedPolicy, type PolicyBase } from './policy.ts'
import { passwordFor, readerOf, referenceFor, writerOf, type PasswordField, type SealedPassword, type SignIn } from './saved-password.ts'
import type { PasswordSource } from './password-source.ts'

export interface SavedRooms {
  readonly store: Store
  readonly keyring: Keyring
  readonly base: PolicyBase
  readonly passwordFrom: PasswordSource
  readonly now: () => Date
}

const columns = [
  'connection.connection_id',
  'connection.name',
  'connection.description',
  'connection.labels',
  'connection.engine',
  'connection.target',
  'connection.sealed_password',
  'connection.secret_version',
  'connection.writer',
  'connection.sealed_writer_password',
  'connection.writer_secret_version',
  'connection.created_at',
  'connection.updated_at',
  'policy.body as policy',
] as const

type Row = Awaited<ReturnType<typeof readRows>>[number]

function readRows(query: Query, where: { readonly idOrName?: string }) {
  const all = query
    .selectFrom('connection')
    .leftJoin('policy', (join) =>
      join.onRef('policy.tenant_id', '=', 'connection.tenant_id').on(sql<boolean>`policy.connection_id = connection.connection_id::text`),
    )
    .select(columns)
    .orderBy('connection.name')
  const { idOrName } = where
  if (idOrName === undefined) return all.execute()
  return isUuid(idOrName)
    ? all
        .where((on) =>
          on.or([on('connection.connection_id', '=', idOrName), on(on.fn<string>('lower', ['connection.name']), '=', idOrName)]),
        )
        .execute()
    : all.where((on) => on(on.fn<string>('lower', ['connection.name']), '=', idOrName.toLowerCase())).execute()
}

/** All of a tenant, by name. */
export async function listSaved(rooms: SavedRooms, scope: Scope): Promise<readonly ConnectionBody[]> {
  return (await rooms.store.within(scope, (query) => readRows(query, {}))).map(bodyOf)
}

export async function findSaved(rooms: SavedRooms, scope: Scope, idOrName: string): Promise<KnownConnection | null> {
  const rows = await rooms.store.within(scope, (query) => readRows(query, { idOrName }))
  const row = rows.find((one) => one.connection_id === idOrName) ?? rows[0] // an id outranks a name that looks like it
  return row === undefined ? null : knownOf(rooms, scope, row)
}

export async function insertSaved(rooms: SavedRooms, actor: Actor, input: ConnectionInput): Promise<string> {
  const id = newId()
  const fields = await fieldsOf(rooms, actor, id, input, null)
  const now = rooms.now()
  await named(input, () =>
    rooms.store.within(actor, (query) =>
      query
        .insertInto('connection')
        .values({
          tenant_id: actor.tenantId,
          connection_id: id,
          ...fields,
          created_at: now,
          updated_at: now,
        })
        .execute(),
    ),
  )
  return id
}

/** Throws `connections.changed-meanwhile` when somebody else was quicker. */
export async function updateSaved(rooms: SavedRooms, actor: Actor, known: KnownConnection, input: ConnectionInput): Promise<void> {
  const id = known.body.id
  const rows = await rooms.store.within(actor, (query) => readRows(query, { idOrName: id }))
  const row = rows.find((one) => one.connection_id === id)
  if (row === undefined) throw changedMeanwhile()
  const fields = await fieldsOf(rooms, actor, id, input, row)
  // Later than before even within the same millisecond: the time is what tells that nobody came between.
  const updatedAt = new Date(Math.max(rooms.now().getTime(), row.updated_at.getTime() + 1))
  const changed = await named(input, () =>
    rooms.store.within(actor, (query) =>
      query
        .updateTable('connection')
        .set({ ...fields, updated_at: updatedAt })
        .where('connection_id', '=', id)
        .where('updated_at', '=', row.updated_at)
        .where('secret_version', '=', row.secret_version)
        .returning('connection_id')
        .executeTakeFirst(),
    ),
  )
  if (changed === undefined) throw changedMeanwhile()
}

export async function removeSaved(rooms: SavedRooms, scope: Scope, id: string): Promise<void> {
  await rooms.store.within(scope, async (query) => {
    await query.deleteFrom('policy').where('connection_id', '=', id).execute()
    await query.deleteFrom('connection').where('connection_id', '=', id).execute()
  })
}

export async function readPolicy(rooms: SavedRooms, scope: Scope, id: string): Promise<PolicyBody | null> {
  const row = await rooms.store.within(scope, (query) =>
    query.selectFrom('policy').select('body').where('connection_id', '=', id).executeTakeFirst(),
  )
  return row === undefined ? null : savedPolicy(row.body)
}

export async function writePolicy(rooms: SavedRooms, scope: Scope, id: string, policy: PolicyBody): Promise<void> {
  const fields = { body: JSON.stringify(policy), updated_at: rooms.now() }
  await rooms.store.within(scope, (query) =>
    query
      .insertInto('policy')
      .values({ tenant_id: scope.tenantId, connection_id: id, ...fields })
      .onConflict((conflict) => conflict.columns(['tenant_id', 'connection_id']).doUpdateSet(fields))
      .execute(),
  )
}

function knownOf(rooms: SavedRooms, scope: Scope, row: Row): KnownConnection {
  const body = bodyOf(row)
  const sealed = { password: passwordOf(row), 'writer-password': writerPasswordOf(row) }
  return {
    scope,
    body,
    policy: policyOf(row.policy === null ? null : savedPolicy(row.policy), rooms.base),
    stamp: stampOf(
      row.engine,
      row.target,
      row.writer,
      ...Object.values(sealed).map((one) => [one.version, one.sealed?.toString('base64')]),
    ),
    target: () => openTarget(rooms, scope, body, sealed),
  }
}

type Passwords = Readonly<Record<PasswordField, SealedPassword>>

async function openTarget(rooms: SavedRooms, scope: Scope, body: ConnectionBody, passwords: Passwords): Promise<EngineTarget> {
  const { target } = body
  if (target === null) throw new Error('a saved connection has a target')
  if ('file' in target) return { engine: 'sqlite', file: target.file }
  if (body.engine === 'sqlite') throw new Error('a SQLite connection has a file')
  const { passwordFrom: _reference, writer: _writer, ...place } = target
  const open = async (field: PasswordField, signIn: SignIn): Promise<Secret | null> => {
    if (signIn.passwordFrom !== undefined) return rooms.passwordFrom(scope, signIn.passwordFrom, signIn.host)
    const { sealed, version } = passwords[field]
    return sealed === null ? null : new Secret(await rooms.keyring.open(scope, { connectionId: body.id, field, version }, sealed))
  }
  const writer = writerOf(body, null)
  return {
    engine: body.engine,
    ...place,
    password: await open('password', target),
    writer: writer === null ? null : await foundWriter(writer.user, () => open('writer-password', writer)),
  }
}

/** What keeps the writer's password from being found is said to who writes, and to nobody who reads. */
export async function foundWriter(user: string, find: () => Promise<Secret | null>): Promise<WriterSignIn> {
  try {
    return { user, password: await find() }
  } catch (error) {
    const current = (): never => {
      throw error
    }
    return { user, password: new Secret({ current, known: () => [], recent: () => [] }) }
  }
}

/** Refuses a row this version cannot read, instead of guessing at a way into somebody's database. */
function bodyOf(row: Row): ConnectionBody {
  return connectionShape.parse({
    id: row.connection_id,
    name: row.name,
    description: row.description,
    labels: row.labels,
    engine: row.engine,
    target: row.writer === null ? row.target : { ...(row.target as object), writer: row.writer }, // checked by the shape
    origin: 'api',
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  })
}

function passwordOf(row: Row): SealedPassword {
  return { sealed: row.sealed_password, version: row.secret_version }
}

function writerPasswordOf(row: Row): SealedPassword {
  return { sealed: row.sealed_writer_password, version: row.writer_secret_version }
}

async function fieldsOf({ keyring }: SavedRooms, scope: Scope, connectionId: string, input: ConnectionInput, row: Row | null) {
  const { target } = input
  const before = row === null ? null : bodyOf(row)
  const reader = { next: readerOf(input), old: before === null ? null : readerOf(before) }
  const writer = { next: writerOf(input, before), old: before === null ? null : writerOf(before, null) }
  const kept = (signIn: SignIn | null, password: (from: Row) => SealedPassword) =>
    row === null ? null : { signIn, password: password(row) }
  const password = await passwordFor(keyring, scope, {
    connectionId,
    field: 'password',
    next: reader.next,
    before: kept(reader.old, passwordOf),
  })
  const writerPassword = await passwordFor(keyring, scope, {
    connectionId,
    field: 'writer-password',
    next: writer.next,
    before: kept(writer.old, writerPasswordOf),
  })
  return {
    name: input.name,
    description: input.description,
    labels: [...new Set(input.labels ?? [])],
    engine: input.engine,
    target: JSON.stringify('file' in target ? target : { ...placeOf(target), ...openSignIn(reader) }),
    sealed_password: password.sealed,
    secret_version: password.version,
    writer: writer.next === null ? null : JSON.stringify(openSignIn(writer)),
    sealed_writer_password: writerPassword.sealed,
    writer_secret_version: writerPassword.version,
  }
}

function placeOf({ host, port, database, sslmode }: ServerConnectionInput['target']) {
  return { host, port, database, sslmode }
}

/** What is saved in the open of a database user. */
function openSignIn({ next, old }: { readonly next: SignIn | null; readonly old: SignIn | null }) {
  const passwordFrom = referenceFor(next, old)
  return { ...(next === null ? {} : { user: next.user }), ...(passwordFrom === undefined ? {} : { passwordFrom }) }
}

/** The unique index on names decides between two who want the same one. */
async function named<Result>(input: ConnectionInput, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (isUniqueViolation(error)) throw nameTaken(input.name)
    throw error
  }
}

function changedMeanwhile(): ShellError {
  return new ShellError({
    code: 'connections.changed-meanwhile',
    kind: 'conflict',
    message: 'Somebody else changed this connection just now.',
    hint: 'Look at it again, then repeat your change.',
  })
}

export function nameTaken(name: string): ShellError {
  return new ShellError({
    code: 'connections.name-taken',
    kind: 'conflict',
    message: `There is a connection named ${name} already.`,
    hint: 'Choose another name; letter case does not count.',
  })
}
