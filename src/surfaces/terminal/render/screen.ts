import type { Voice } from './answer-words.ts'
import type { Output } from '../output.ts'
import type { Paint } from './paint.ts'
import type { Spinner } from './spinner.ts'

/** Where an answer is shown, and what that place can do. */
export interface Screen {
  /** Rows and listings: what a pipe wants. */
  readonly out: Output
  readonly paint: Paint
  /** Everything said about them: SQL, explanations, refusals. The same stream on a screen, stderr in a pipe. */
  readonly talk: Output
  readonly talkPaint: Paint
  /** true: talk lands on a screen, and its lines break at words. */
  readonly isTalkOnScreen: boolean
  readonly style: 'screen' | 'ascii'
  readonly spinner: Spinner
  readonly columns: () => number
  readonly rows: () => number
  /** Shows text that does not fit, scrolled by keys; null where nobody presses any. */
  readonly page: ((content: PagedContent) => Promise<void>) | null
}

/** Text for the pager: the header stays while the lines move. */
export interface PagedContent {
  readonly header: readonly string[]
  readonly lineCount: number
  readonly line: (index: number) => string
  readonly width: number
  readonly footer: string
}

export function voiceOf(screen: Screen): Voice {
  return { paint: screen.talkPaint, columns: screen.isTalkOnScreen ? screen.columns() : null }
}
