import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { Observe } from '../../platform/observe/index.ts'

/**
 * One request whose answer takes its time. Notices at once when the client goes, and writes no faster than the client
 * reads: what is not read stays in the database, not in our heap.
 */
export class Exchange {
  readonly #reply: FastifyReply
  readonly #raw: ServerResponse
  /** Aborted when the client goes before its answer has ended. Others may stop the work as well: the client is there then. */
  readonly stop = new AbortController()
  #isGone = false
  #hasBegun = false

  constructor(reply: FastifyReply) {
    this.#reply = reply
    this.#raw = reply.raw
    const left = (): void => {
      if (!this.#raw.writableEnded) this.#leave('The client has gone')
    }
    if (this.#raw.destroyed) left()
    else this.#raw.on('close', left)
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /** Runs what may write. A fault after the head has gone can only be shown by breaking off; before, it is thrown on. */
  async guarded(observe: Observe, requestId: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!this.#hasBegun) throw error
      observe({ type: 'failure', code: 'internal', requestId, error })
      this.cut()
    }
  }

  /** Takes the response out of the framework's hands and sends its head, with the headers set so far. */
  begin(status: number, headers: Readonly<{ [name: string]: string }>): void {
    this.#hasBegun = true
    const ours = this.#reply.getHeaders()
    this.#reply.hijack()
    for (const [name, value] of Object.entries(ours)) if (value !== undefined) this.#raw.setHeader(name, value)
    this.#raw.writeHead(status, headers)
    // The id in the head is what a waiting client cancels with. A first event that is quicker takes the head along.
    setImmediate(() => {
      if (!this.#raw.writableEnded && !this.isGone) this.#raw.flushHeaders()
    })
  }

  /** Resolves when the client can take more, or has gone; one that takes nothing for too long is gone. */
  async write(chunk: string | Uint8Array): Promise<void> {
    if (this.isGone || this.#raw.write(chunk)) return
    await new Promise<void>((resolve) => {
      // Whoever reads nothing for so long holds a database session for nothing.
      const stalled = setTimeout(() => {
        this.#leave('The client has stopped reading')
        this.#raw.destroy()
      }, this.#reply.server.readerStallMs)
      const done = (): void => {
        clearTimeout(stalled)
        this.#raw.off('drain', done)
        this.#raw.off('close', done)
        resolve()
      }
      this.#raw.once('drain', done)
      this.#raw.once('close', done)
    })
  }

  /** Written beside the answer, never waited for. */
  comment(text: string): void {
    if (!this.isGone && !this.#raw.writableNeedDrain) this.#raw.write(text)
  }

  end(trailers: Readonly<{ [name: string]: string }> = {}): void {
    if (this.isGone) return
    this.#raw.addTrailers(trailers)
    this.#raw.end()
  }

  #leave(why: string): void {
    this.#isGone = true
    this.stop.abort(new DOMException(why, 'AbortError'))
  }

  /** Breaks the transfer off, so that no client takes a part for the whole; what was written goes out first. */
  cut(): void {
    setImmediate(() => this.#raw.destroy())
  }
}
