import type { HistoryFile } from './history-file.ts'
import { InputGatherer, type Input } from './input-gatherer.ts'
import type { Keyboard } from './keyboard.ts'
import type { LineEditor } from './line-editor.ts'
import { runInput } from './run-input.ts'
import type { ShellState } from './shell-state.ts'

export interface PromptParts {
  readonly keyboard: Keyboard
  readonly editor: LineEditor
  readonly history: HistoryFile
}

/** Prompt, gather, run, again: the life of an interactive shell. */
export class PromptLoop {
  readonly #state: ShellState
  readonly #parts: PromptParts
  readonly #gatherer = new InputGatherer('prompt')
  /** The lines of the input being typed, as typed. */
  #typed: string[] = []
  #wasTaughtSemicolon = false

  constructor(state: ShellState, parts: PromptParts) {
    this.#state = state
    this.#parts = parts
  }

  async run(): Promise<void> {
    while (!this.#state.isLeaving) {
      const event = await this.#parts.editor.next(this.#prompt())
      switch (event.kind) {
        case 'end':
          this.#state.screen.out.stream.write('\n')
          return
        case 'interrupt':
          await this.#forget(event.wasEmpty)
          break
        case 'pasted':
          this.#typed.push(event.text)
          this.#gatherer.paste(event.text)
          break
        case 'line':
          this.#typed.push(event.text)
          await this.#take(this.#gatherer.take(event.text))
      }
    }
  }

  #prompt(): string {
    const { connection, screen } = this.#state
    if (!this.#gatherer.isWaiting) return screen.paint.bold(`${connection.name}> `)
    return screen.paint.dim(`${connection.name}${this.#gatherer.isSql ? '->' : '..'} `)
  }

  async #forget(wasEmpty: boolean): Promise<void> {
    const { talk, talkPaint } = this.#state.screen
    if (wasEmpty && !this.#gatherer.isWaiting) await talk.lines([talkPaint.dim('\\q or Ctrl-D leaves.')])
    this.#gatherer.clear()
    this.#typed = []
  }

  async #take(inputs: readonly Input[]): Promise<void> {
    if (this.#gatherer.isWaiting) await this.#teachSemicolon()
    else {
      await this.#parts.history.add(this.#typed.join('\n').trimEnd())
      this.#parts.editor.remember(this.#parts.history.recall)
      this.#typed = []
    }
    for (const input of inputs) {
      const isDone = await this.#run(input)
      if (!isDone || this.#state.isLeaving) return
    }
  }

  /** false: Ctrl-C stopped it, and with it what was to follow. */
  async #run(input: Input): Promise<boolean> {
    const abort = new AbortController()
    const stopWatching = this.#parts.keyboard.watchInterrupt(() => abort.abort())
    try {
      await runInput(this.#state, input, abort.signal)
    } finally {
      stopWatching()
    }
    if (!this.#state.isLeaving) await this.#state.screen.out.lines([''])
    return !abort.signal.aborted
  }

  /** Once per shell: whoever waits for an answer learns what the shell waits for. */
  async #teachSemicolon(): Promise<void> {
    if (this.#wasTaughtSemicolon || !this.#gatherer.isSql) return
    this.#wasTaughtSemicolon = true
    const { talk, talkPaint } = this.#state.screen
    await talk.lines([talkPaint.dim('A semicolon or an empty line runs it.')])
  }
}
