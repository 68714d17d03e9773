import { AskedThread } from '../thread/asked-thread.ts'
import type { ParseReply, ParseRequest } from './parser-worker.ts'

/** The thread the parser runs in; a module that fails in itself is replaced with it, and the text it had is refused. */
export class Parser {
  #nextId = 1
  readonly #thread = new AskedThread<ParseRequest, ParseReply>({
    script: new URL('./parser-worker.ts', import.meta.url),
    lost: ({ id }) => ({ id, statements: null, error: 'the parser gave up on it', isBroken: true }),
    isBroken: (reply) => reply.isBroken,
    askMore: () => null,
  })

  parse(sql: string): Promise<ParseReply> {
    return this.#thread.ask({ id: this.#nextId++, sql })
  }

  close(): Promise<void> {
    return this.#thread.close()
  }
}
