import { mayDoOn, ShellError, type Actor, type Catalog, type RoleName, type Scope, type Verb } from '../../domain/index.ts'
import { connectionInputShape, type ConnectionInput, type PolicyBody, type PrivilegeReport } from '../../contract/index.ts'
import type { EngineTarget, WriteEnd } from '../engines/index.ts'
import { Secret } from '../../domain/index.ts'
import type { Keyring, Store } from '../store/index.ts'
import type { Connections, Target } from './connection.ts'
import { checkMasking } from './check-masking.ts'
import { ConnectionIndex } from './connection-index.ts'
import type { Declarations } from './declared.ts'
import type { KnownConnection } from './known-connection.ts'
import { OpenConnections, refuseSuperuser, type OpenConnection, type OpenOptions } from './open-connections.ts'
import { denied, maySee, readOnlyOrigin, requireAny, requireVerb, requireVerbOn, shownTo } from './permission.ts'
import { noPasswordSource, type PasswordSource } from './password-source.ts'
import { requireKnownRoles } from './policy-roles.ts'
import { checkedPolicy, openPolicyBody, type PolicyBase } from './policy.ts'
import { insertSaved, nameTaken, readPolicy, removeSaved, updateSaved, writePolicy, type SavedRooms } from './saved-connections.ts'

export interface ConnectionsOptions extends OpenOptions {
  readonly store: Store
  readonly keyring: Keyring
  readonly declarations: Declarations
  /** The roles there are; a policy may name no others. Left out: not looked at. */
  readonly roleNames?: (scope: Scope) => Promise<ReadonlySet<RoleName>>
  /** Looks up what a connection names as its password. Left out: none may. */
  readonly passwordFrom?: PasswordSource
  /** Limits where a policy says nothing. */
  readonly limits: PolicyBase
  readonly now?: () => Date
  /** Hears of connections and policies that were changed here. */
  readonly changed?: (scope: Scope) => void
}

/** Nothing connects until a connection is used. */
export function createConnections(options: ConnectionsOptions): Connections {
  return new ConnectionsRoom(options)
}

/** What a target was made of. */
interface Given {
  readonly known: KnownConnection
  readonly open: OpenConnection
  readonly target: Target
}

class ConnectionsRoom implements Connections {
  readonly #saved: SavedRooms
  readonly #index: ConnectionIndex
  readonly #open: OpenConnections
  readonly #options: ConnectionsOptions
  readonly #targets = new WeakMap<Actor, Given>()

  constructor(options: ConnectionsOptions) {
    this.#options = options
    this.#saved = {
      store: options.store,
      keyring: options.keyring,
      base: options.limits,
      passwordFrom: options.passwordFrom ?? noPasswordSource,
      now: options.now ?? (() => new Date()),
    }
    this.#index = new ConnectionIndex(this.#saved, options.declarations, (known) => {
      this.#open.forget(known).catch((error: unknown) => options.observe({ type: 'failure', code: 'connections.close', error }))
    })
    this.#open = new OpenConnections(options)
  }

  async list(actor: Actor) {
    requireAny(actor)
    const all = await this.#index.list(actor)
    return all.filter((body) => maySee(actor, body)).map((body) => shownTo(actor, body))
  }

  async get(actor: Actor, idOrName: string) {
    requireAny(actor)
    return shownTo(actor, (await this.#index.find(actor, idOrName)).body)
  }

  async create(actor: Actor, given: ConnectionInput) {
    const input = this.#checked(actor, given)
    await this.#refuseTakenName(actor, input.name, null)
    await this.#lookAt(actor, input)
    const id = await insertSaved(this.#saved, actor, input)
    this.#changed(actor)
    return (await this.#index.find(actor, id, { isOwn: true })).body
  }

  async update(actor: Actor, id: string, given: ConnectionInput) {
    const input = this.#checked(actor, given)
    const known = await this.#mutable(actor, id)
    requireVerbOn(actor, 'manage-connections', known.body)
    await this.#refuseTakenName(actor, input.name, known.body.id)
    await this.#targetOf(actor, input) // a reference that may not be used is not saved
    await updateSaved(this.#saved, actor, known, input)
    this.#changed(actor)
    await this.#open.forget(known)
    return (await this.#index.find(actor, known.body.id, { isOwn: true })).body
  }

  async remove(actor: Actor, id: string) {
    requireVerb(actor, 'manage-connections')
    const known = await this.#mutable(actor, id)
    requireVerbOn(actor, 'manage-connections', known.body)
    await removeSaved(this.#saved, actor, known.body.id)
    this.#changed(actor)
    await this.#open.forget(known)
  }

  async test(actor: Actor, subject: string | ConnectionInput): Promise<PrivilegeReport> {
    requireVerb(actor, 'manage-connections')
    if (typeof subject !== 'string') return this.#open.preflight(await this.#targetOf(actor, checkedInput(subject)))
    const known = await this.#index.find(actor, subject)
    requireVerbOn(actor, 'manage-connections', known.body)
    return this.#open.preflight(await known.target())
  }

  async target(actor: Actor, idOrName: string, options: { readonly isFresh?: boolean } = {}): Promise<Target> {
    const recalled = options.isFresh === true ? null : this.#recall(actor, idOrName)
    if (recalled !== null) return recalled
    requireVerb(actor, 'ask')
    const known = await this.#index.find(actor, idOrName, { isOwn: options.isFresh === true })
    requireVerbOn(actor, 'ask', known.body)
    const open = await this.#open.open(known)
    const { disclosure } = known.policy
    const catalog = await (options.isFresh === true ? open.catalog.refresh(disclosure) : open.catalog.get(disclosure))
    const target: Target = {
      connection: shownTo(actor, known.body),
      catalog,
      view: open.catalog.view(catalog, known.policy, actor.roles),
      policy: known.policy,
      maskKey: await this.#maskKey(known),
      lease: (signal, access) => open.lease(signal, access),
    }
    this.#targets.set(actor, { known, open, target })
    return target
  }

  /** The target that this actor was given last, where it would be made of the very same things again. */
  #recall(actor: Actor, idOrName: string): Target | null {
    const last = this.#targets.get(actor)
    if (last === undefined || this.#index.recall(actor, idOrName) !== last.known) return null
    if (this.#open.recall(last.known) !== last.open) return null
    const catalog = last.open.catalog.get(last.known.policy.disclosure)
    if (catalog instanceof Promise) catalog.catch(() => undefined) // whoever asks now hears of it
    return catalog === last.target.catalog ? last.target : null
  }

  async catalog(actor: Actor, idOrName: string, options: { readonly refresh?: boolean } = {}) {
    requireVerb(actor, 'browse-catalog')
    const known = await this.#index.find(actor, idOrName)
    requireVerbOn(actor, 'browse-catalog', known.body)
    const open = await this.#open.open(known)
    const { disclosure } = known.policy
    const catalog = await (options.refresh === true ? open.catalog.refresh(disclosure) : open.catalog.get(disclosure))
    return open.catalog.view(catalog, known.policy, actor.roles)
  }

  async policy(actor: Actor, idOrName: string): Promise<PolicyBody> {
    requireVerb(actor, 'manage-policies')
    const { body, scope } = await this.#index.find(actor, idOrName)
    requireVerbOn(actor, 'manage-policies', body)
    return this.#index.declaredPolicy(body.id) ?? (await readPolicy(this.#saved, scope, body.id)) ?? openPolicyBody
  }

  async rulesFor(actor: Actor, id: string, verb: Verb) {
    const { body, policy } = await this.#index.find(actor, id)
    requireVerbOn(actor, verb, body)
    return { connection: shownTo(actor, body), policy }
  }

  async settle(scope: Scope, id: string, marker: string): Promise<WriteEnd> {
    const known = await this.#index.known(scope, id)
    return known === null ? 'unknown' : (await this.#open.open(known)).settle(marker)
  }

  async setPolicy(actor: Actor, idOrName: string, policy: PolicyBody): Promise<PolicyBody> {
    requireVerb(actor, 'manage-policies')
    const known = await this.#index.find(actor, idOrName, { isOwn: true })
    const { body, scope } = known
    requireVerbOn(actor, 'manage-policies', body)
    if (body.origin === 'file' || body.origin === 'cluster') throw readOnlyOrigin(body)
    const checked = checkedPolicy(policy)
    if (this.#options.roleNames !== undefined) requireKnownRoles(checked, await this.#options.roleNames(scope))
    if (checked.masks.length > 0 || checked.filters.length > 0) await this.#holdAgainstCatalog(known, checked)
    await writePolicy(this.#saved, scope, body.id, checked)
    this.#changed(scope)
    return checked
  }

  forget(scope: Scope) {
    this.#index.forget(scope)
  }

  rereadCatalog(scope: Scope, id: string) {
    this.#open.rereadCatalog(scope, id)
  }

  rereadCatalogs() {
    this.#open.rereadCatalogs()
  }

  async close() {
    await this.#open.close()
  }

  #changed(scope: Scope): void {
    this.#index.forget(scope)
    this.#options.changed?.(scope)
  }

  /** A database that is away does not keep a policy from being saved: its masks hold by name, and a broken filter shows no row. */
  async #holdAgainstCatalog(known: KnownConnection, policy: PolicyBody): Promise<void> {
    let catalog: Catalog
    try {
      catalog = await (await this.#open.open(known)).catalog.get(known.policy.disclosure)
    } catch {
      const message = `The masks and filters of ${known.body.name} were saved unchecked: its database could not be reached.`
      return this.#options.observe({ type: 'warning', code: 'connections.policy-unchecked', message })
    }
    checkMasking(policy, catalog)
  }

  /** A file-declared connection has its key too, under the id its name gives it. */
  async #maskKey({ scope, body, policy }: KnownConnection): Promise<string | null> {
    if (!policy.masks.some((rule) => rule.mask.kind === 'hash')) return null
    return Buffer.from(await this.#options.keyring.maskKey(scope, body.id)).toString('hex')
  }

  async #targetOf(scope: Scope, input: ConnectionInput): Promise<EngineTarget> {
    if (input.engine === 'sqlite') return { engine: 'sqlite', file: input.target.file }
    const { password, passwordFrom, writer, ...place } = input.target
    const given = async (signIn: { readonly password?: string | undefined; readonly passwordFrom?: string | undefined }) => {
      if (signIn.passwordFrom !== undefined) return this.#saved.passwordFrom(scope, signIn.passwordFrom, place.host)
      return signIn.password === undefined || signIn.password === '' ? null : new Secret(signIn.password)
    }
    return {
      engine: input.engine,
      ...place,
      password: await given({ password, passwordFrom }),
      writer: writer == null ? null : { user: writer.user, password: await given(writer) },
    }
  }

  #checked(actor: Actor, given: ConnectionInput): ConnectionInput {
    requireVerb(actor, 'manage-connections')
    const input = checkedInput(given)
    if (!mayDoOn(actor, 'manage-connections', { id: '', name: input.name, labels: input.labels ?? [] }))
      throw denied('Your role or token is narrowed to other connections.')
    return input
  }

  async #mutable(actor: Actor, id: string): Promise<KnownConnection> {
    const known = await this.#index.find(actor, id, { isOwn: true })
    if (known.body.origin !== 'api') throw readOnlyOrigin(known.body)
    return known
  }

  /** Among saved ones the unique index decides; declared ones are in no table. */
  async #refuseTakenName(scope: Scope, name: string, ownId: string | null): Promise<void> {
    const isTaken = (await this.#index.list(scope)).some((body) => body.id !== ownId && body.name.toLowerCase() === name.toLowerCase())
    if (isTaken) throw nameTaken(name)
  }

  /** A database that is away may still be saved; it is looked at again before its first use. */
  async #lookAt(scope: Scope, input: ConnectionInput): Promise<void> {
    const report = await this.#open.preflight(await this.#targetOf(scope, input))
    if (!this.#options.allowSuperusers) for (const one of [report, report.writer]) if (one !== null) refuseSuperuser(one)
    const unreachable = [
      ...(report.isReachable ? [] : ['']),
      ...(report.writer === null || report.writer.isReachable ? [] : [' by its writer']),
    ]
    for (const whom of unreachable)
      this.#options.observe({
        type: 'warning',
        code: 'connections.unreachable',
        message: `${input.name} was saved though its database could not be signed in to${whom}.`,
      })
  }
}

function checkedInput(given: ConnectionInput): ConnectionInput {
  const parsed = connectionInputShape.safeParse(given)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new ShellError({
    code: 'connections.invalid',
    kind: 'invalid',
    message: `The connection cannot be used: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
  })
}
