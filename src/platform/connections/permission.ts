import { mayDo, mayDoOn, ShellError, tenantVerbs, verbs, type Actor, type ConnectionNames, type Verb } from '../../domain/index.ts'
import type { ConnectionBody } from '../../contract/index.ts'

const doing: Readonly<Partial<Record<Verb, string>>> = {
  ask: 'ask questions',
  'browse-catalog': 'browse catalogs',
  'manage-connections': 'manage connections',
  'manage-policies': 'manage policies',
}

export function requireVerb(actor: Actor, verb: Verb): void {
  if (!mayDo(actor, verb)) throw denied(`Your role or token does not let you ${doing[verb] ?? verb}.`)
}

const connectionVerbs = verbs.filter((verb) => !tenantVerbs.includes(verb))

/** Whoever may do anything with a connection may know that it is there. */
export function requireAny(actor: Actor): void {
  if (!connectionVerbs.some((verb) => mayDo(actor, verb))) throw denied('Your role or token does not let you see connections.')
}

/** A connection on which an actor may do nothing does not exist for them. */
export function maySee(actor: Actor, connection: ConnectionNames): boolean {
  return connectionVerbs.some((verb) => mayDoOn(actor, verb, connection))
}

/** For a connection the actor may see; another is not to be told of. */
export function requireVerbOn(actor: Actor, verb: Verb, connection: ConnectionNames): void {
  if (!mayDoOn(actor, verb, connection)) throw denied(`Your role or token does not let you ${doing[verb] ?? verb} here.`)
}

/** Where a database is and as whom we sign in is for those who keep connections. */
export function shownTo(actor: Actor, body: ConnectionBody): ConnectionBody {
  return mayDoOn(actor, 'manage-connections', body) ? body : { ...body, target: null }
}

export function denied(message: string): ShellError {
  return new ShellError({ code: 'connections.denied', kind: 'denied', message, hint: 'Use another token, or ask an admin of your tenant.' })
}

/** The same words for what is not there and for what is not for this actor. */
export function unknownConnection(): ShellError {
  return new ShellError({
    code: 'connections.unknown',
    kind: 'missing',
    message: 'There is no such connection, or it is not for you.',
    hint: '`aishell connections` lists those you can ask.',
  })
}

const owners = {
  file: ['declared in aishell.yaml', 'Change it in aishell.yaml and restart the server.'],
  cluster: ['described by a Secret of the cluster', 'Change or delete that Secret; the change is seen at once.'],
  demo: ['part of the demo', 'Save a connection of your own.'],
} as const

export function readOnlyOrigin(body: ConnectionBody): ShellError {
  const [where, hint] = owners[body.origin === 'file' || body.origin === 'cluster' ? body.origin : 'demo']
  return new ShellError({
    code: 'connections.declared',
    kind: 'conflict',
    message: `${body.name} is ${where} and cannot be changed here.`,
    hint,
  })
}
