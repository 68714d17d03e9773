/** Whoever read our output has gone (`| head`): nothing is wrong, there is only nobody left to write for. */
export class ReaderGone extends Error {
  constructor() {
    super('The reader of the output has gone.')
    this.name = 'ReaderGone'
  }
}

/** A stream we write to at the reader's pace. */
export class Output {
  readonly stream: NodeJS.WritableStream
  #failure: Error | null = null

  constructor(stream: NodeJS.WritableStream) {
    this.stream = stream
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.#failure = error.code === 'EPIPE' || error.code === 'EIO' ? new ReaderGone() : error
    })
  }

  /** Resolves when the reader is ready for more. */
  async write(text: string | Uint8Array): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    if (this.stream.write(text)) return
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        for (const event of ['drain', 'close', 'error']) this.stream.removeListener(event, settle)
        resolve()
      }
      for (const event of ['drain', 'close', 'error']) this.stream.once(event, settle)
    })
    if (this.#failure !== null) throw this.#failure
  }

  async lines(lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await this.write(`${lines.join('\n')}\n`)
  }

  /** Waits until all that was written has left the process. */
  async flush(): Promise<void> {
    if (this.#failure !== null) return
    await new Promise<void>((resolve) => {
      this.stream.once('error', () => resolve())
      this.stream.write('', () => resolve())
    })
  }
}
