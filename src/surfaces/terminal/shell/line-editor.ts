import { createInterface, type Interface } from 'node:readline'
import type { Completer } from './completer.ts'
import type { Keyboard } from './keyboard.ts'
import type { LineEvent } from './line-event.ts'

export interface LineEditorOptions {
  readonly keyboard: Keyboard
  readonly output: NodeJS.WritableStream
  readonly completer: Completer
  /** Newest first, as node:readline keeps them. */
  readonly history: readonly string[]
}

const keptLines = 1_000

/** Lines from a person: editing, history and completion by node:readline, keys handed out by the keyboard. */
export class LineEditor {
  readonly #keyboard: Keyboard
  readonly #readline: Interface
  readonly #output: NodeJS.WritableStream
  #resolve: ((event: LineEvent) => void) | null = null
  #isClosed = false
  #isPasting = false

  constructor(options: LineEditorOptions) {
    this.#keyboard = options.keyboard
    this.#output = options.output
    this.#readline = createInterface({
      input: options.keyboard.editorInput,
      output: options.output,
      terminal: true,
      historySize: keptLines,
      history: [...options.history],
      removeHistoryDuplicates: true,
      tabSize: 2,
      completer: options.completer,
    })
    this.#readline.on('line', (text) => this.#takeLine(text))
    this.#readline.on('SIGINT', () => this.#interrupt())
    this.#readline.on('close', () => this.#end())
    options.keyboard.open({ onPaste: (text) => this.#takePaste(text), onEnd: () => this.#end() })
  }

  next(prompt: string): Promise<LineEvent> {
    if (this.#isClosed) return Promise.resolve({ kind: 'end' })
    return new Promise((resolve) => {
      this.#resolve = resolve
      this.#readline.setPrompt(prompt)
      this.#readline.prompt(true)
      this.#keyboard.edit()
    })
  }

  close(): void {
    this.#isClosed = true
    this.#readline.close()
    this.#keyboard.close()
  }

  /** Replaces what the up arrow brings back: whole inputs rather than their single lines. */
  remember(history: readonly string[]): void {
    // `history` is a documented option of createInterface and kept under that name; its type does not say so.
    const kept = (this.#readline as Interface & { history: string[] }).history
    kept.splice(0, kept.length, ...history)
  }

  #takeLine(text: string): void {
    if (this.#isPasting) return
    this.#settle({ kind: 'line', text })
  }

  /** All lines of a paste but the last are taken at once; the last stays on the line for Enter. */
  #takePaste(text: string): void {
    const lines = text.split(/\r\n|\r|\n/)
    const last = lines.pop() ?? ''
    if (lines.length === 0) {
      this.#readline.write(withoutControls(last))
      return
    }
    this.#isPasting = true
    const begun = this.#readline.line + withoutControls(lines[0] ?? '')
    this.#readline.write(null, { ctrl: true, name: 'e' })
    this.#readline.write(withoutControls(lines[0] ?? ''))
    this.#readline.write(null, { name: 'return' })
    this.#isPasting = false
    const rest = lines.slice(1).map(withoutControls)
    for (const line of rest) this.#output.write(`${line}\n`)
    this.#settle({ kind: 'pasted', text: [begun, ...rest].join('\n') })
    this.#readline.write(withoutControls(last))
  }

  #interrupt(): void {
    const wasEmpty = this.#readline.line === ''
    this.#output.write('^C\n')
    this.#readline.write(null, { ctrl: true, name: 'e' })
    this.#readline.write(null, { ctrl: true, name: 'u' })
    this.#settle({ kind: 'interrupt', wasEmpty })
  }

  #end(): void {
    this.#isClosed = true
    this.#settle({ kind: 'end' })
  }

  #settle(event: LineEvent): void {
    const resolve = this.#resolve
    this.#resolve = null
    resolve?.(event)
  }
}

/** A pasted escape must not press keys. */
function withoutControls(text: string): string {
  // oxlint-disable-next-line no-control-regex -- removing control characters is the point
  return text.replaceAll('\t', '  ').replace(/[\u0000-\u001f\u007f-\u009f]/g, '')
}
