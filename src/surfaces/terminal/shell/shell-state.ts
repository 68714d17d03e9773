import type { ConnectionBody } from '../../../contract/index.ts'
import type { CommandContext } from '../context.ts'
import type { ExitCode } from '../exit-codes.ts'
import type { Screen } from '../render/screen.ts'
import type { Session } from '../session.ts'
import type { CatalogCache } from './catalog-cache.ts'

/** What a shell remembers between two inputs. */
export interface ShellState {
  readonly context: CommandContext
  readonly session: Session
  readonly screen: Screen
  readonly catalogs: CatalogCache
  /** Lets the drafter see a follow-up as one. */
  readonly conversation: string
  /** Counts towards the exit code in a pipe; at a prompt leaving is always fine. */
  leaveWith(code: ExitCode): void
  connections: readonly ConnectionBody[]
  connection: ConnectionBody
  /** One JSON document per input, for programs at the other end of a pipe. */
  readonly isJson: boolean
  isExpanded: boolean
  isTimed: boolean
  /** null: the policy's default. */
  maxRows: number | null
  /** The statement `\export` writes. */
  last: { readonly sql: string; readonly params: readonly (string | null)[] } | null
  /** Questions the next number picks from. */
  choices: readonly string[]
  /** true: an input was answered before. */
  hasShown: boolean
  isLeaving: boolean
}
