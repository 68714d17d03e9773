import { Readable } from 'node:stream'
import type { TerminalInput } from '../environment.ts'

const pasteStart = '\x1b[200~'
const pasteEnd = '\x1b[201~'

/** Who gets the keys: the line editor, a watcher for Ctrl-C while something runs, or the pager. */
export type KeyTaker = (keys: string) => void

/**
 * Owns the keyboard of an interactive shell. Keys typed ahead while something runs wait for the next prompt, one line
 * at a time; Ctrl-C never waits. Bracketed paste (DECSET 2004) arrives as one piece of text.
 */
export class Keyboard {
  /** What node:readline reads from; it is fed by hand. */
  readonly editorInput: TerminalInput
  readonly #stdin: TerminalInput
  readonly #screen: NodeJS.WritableStream
  #waiting = ''
  #taker: KeyTaker | null = null
  #isEditing = false
  #onPaste: (text: string) => void = () => {}
  #onEnd: () => void = () => {}
  readonly #take = (chunk: Buffer | string): void => this.#arrive(chunk.toString())

  constructor(stdin: TerminalInput, screen: NodeJS.WritableStream) {
    this.#stdin = stdin
    this.#screen = screen
    const input = new Readable({ read() {} })
    this.editorInput = Object.assign(input, { isTTY: true as const, setRawMode: (raw: boolean) => stdin.setRawMode?.(raw) })
  }

  open(handlers: { readonly onPaste: (text: string) => void; readonly onEnd: () => void }): void {
    this.#onPaste = handlers.onPaste
    this.#onEnd = handlers.onEnd
    this.#stdin.setEncoding('utf8')
    this.#stdin.setRawMode?.(true)
    this.#stdin.on('data', this.#take)
    this.#stdin.on('end', this.#onEnd)
    this.#stdin.resume()
    this.#screen.write('\x1b[?2004h')
  }

  close(): void {
    this.#screen.write('\x1b[?2004l')
    this.#stdin.removeListener('data', this.#take)
    this.#stdin.removeListener('end', this.#onEnd)
    this.#stdin.setRawMode?.(false)
    this.#stdin.pause()
  }

  /** Keys go to the editor until the next Enter. */
  edit(): void {
    this.#isEditing = true
    this.#taker = null
    this.#drain()
  }

  /** Keys go to `taker` (the pager) until the function returned is called. */
  lend(taker: KeyTaker): () => void {
    const before = this.#taker
    this.#isEditing = false
    this.#taker = taker
    return () => {
      this.#taker = before
    }
  }

  /** Only Ctrl-C is looked at; all else waits. */
  watchInterrupt(onInterrupt: () => void): () => void {
    return this.lend((keys) => {
      const at = keys.lastIndexOf('\x03')
      if (at < 0) {
        this.#waiting += keys
        return
      }
      this.#waiting = keys.slice(at + 1) // who interrupts also takes back what was typed ahead
      onInterrupt()
    })
  }

  #arrive(keys: string): void {
    if (this.#taker !== null) return this.#taker(keys)
    this.#waiting += keys
    if (this.#isEditing) this.#drain()
  }

  #drain(): void {
    while (this.#isEditing && this.#waiting !== '') {
      const paste = this.#waiting.indexOf(pasteStart)
      if (paste === 0) {
        const end = this.#waiting.indexOf(pasteEnd)
        if (end < 0) return // the rest of the paste is still on its way
        const text = this.#waiting.slice(pasteStart.length, end)
        this.#waiting = this.#waiting.slice(end + pasteEnd.length)
        this.#onPaste(text)
        continue
      }
      const typed = paste < 0 ? this.#waiting : this.#waiting.slice(0, paste)
      // To the line's end for the prompt's sake; to a Tab because readline completes at the end of a chunk only.
      const stop = typed.search(/[\r\n\t]/)
      const part = stop < 0 ? typed : typed.slice(0, stop + 1)
      this.#waiting = this.#waiting.slice(part.length)
      if (/[\r\n]$/.test(part)) this.#isEditing = false
      this.editorInput.emit('data', Buffer.from(part, 'utf8'))
    }
  }
}
