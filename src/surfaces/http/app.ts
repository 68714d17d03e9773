import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyTypeProvider,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { z } from 'zod'
import type { Actor, Verb } from '../../domain/index.ts'
import type { Wire } from '../../contract/index.ts'

/** Requests as the contract's shapes parse them; responses as their readers hold them, which rooms give as readonly. */
interface ContractTypes extends FastifyTypeProvider {
  readonly validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown
  readonly serializer: this['schema'] extends z.ZodType ? Wire<z.output<this['schema']>> : unknown
}

/** The framework's server with zod as its language of schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ContractTypes
>

/** Who may come through a route: anyone, anyone with a credential, or whoever may do the verb. */
export type Access = 'open' | 'signed-in' | Verb

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Absent (routes that do not exist): `signed-in`. */
    access?: Access
    /** A person's browser opens it: the token may come as a password. */
    isPage?: boolean
    /** A page for people: errors are pages too, and a session is the only credential. */
    isHtml?: boolean
    /** Takes a form. */
    isForm?: boolean
    /** Counts against the overload limit. */
    isHeavy?: boolean
  }
  interface FastifyRequest {
    /** Set by the credentials hook on every route that is not open. */
    actor: Actor | null
    startedMs: number
  }
}
