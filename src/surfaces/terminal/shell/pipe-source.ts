import { createInterface, type Interface } from 'node:readline'
import type { LineEvent } from './line-event.ts'

/** Lines from a pipe or a file; one may be looked at ahead, to see whether a statement goes on. */
export class PipeSource {
  readonly #readline: Interface
  readonly #lines: AsyncIterator<string>
  #peeked: LineEvent | null = null

  constructor(stdin: NodeJS.ReadableStream) {
    this.#readline = createInterface({ input: stdin, terminal: false, crlfDelay: Infinity })
    this.#lines = this.#readline[Symbol.asyncIterator]()
  }

  async next(): Promise<LineEvent> {
    const event = await this.peek()
    this.#peeked = null
    return event
  }

  async peek(): Promise<LineEvent> {
    this.#peeked ??= await this.#read()
    return this.#peeked
  }

  close(): void {
    this.#readline.close()
  }

  async #read(): Promise<LineEvent> {
    const { value, done } = await this.#lines.next()
    return done === true ? { kind: 'end' } : { kind: 'line', text: value.replace(/^\ufeff/, '') }
  }
}
