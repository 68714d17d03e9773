import type { Scope } from '../../domain/index.ts'
import type { NewSession } from './sessions.ts'

/** The browser at the other end. */
export interface Visitor {
  /** The address it comes from, behind trusted proxies the one they name. */
  readonly network: string
  /** As it names itself. */
  readonly client: string
  /** The text of its device cookie; null: none. */
  readonly device: string | null
}

/** A session begun, and the text by which this browser is known again. */
export interface SignedIn {
  readonly kind: 'signed-in'
  readonly scope: Scope
  readonly memberId: string
  readonly memberName: string
  readonly session: NewSession
  readonly device: string
}
