import type { Catalog, Relation } from '../../../domain/index.ts'
import type { GuardContext, GuardSubject } from '../guard.ts'
import type { Judged } from '../judge-statement.ts'

/** What a thread is told. A catalog comes in pieces, so that copying it never holds the event loop for long. */
export type ToJudge =
  | { readonly type: 'catalog'; readonly key: string; readonly catalog: Catalog }
  | { readonly type: 'relations'; readonly key: string; readonly relations: readonly Relation[] }
  | {
      readonly type: 'judge'
      readonly subject: GuardSubject
      /** Its catalog is the one of the key; null where there is none. */
      readonly context: Omit<GuardContext, 'catalog'>
      readonly catalogKey: string | null
    }

/**
 * The first message of a thread is `ready`: it has loaded what it needs, and its clock may run. Then each is a reply to what it
 * was asked last: it is asked one thing at a time, and one that does not reply in time is never asked again.
 */
export interface JudgeReply {
  /** null: it was too much even here. */
  readonly judged: Judged | null
}
