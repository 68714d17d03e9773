import { AskedThread } from '../thread/asked-thread.ts'
import type { ParseReply, ParseRequest } from './parser-worker.ts'

/** What the parser made of a text; null: it cannot read it. */
export interface Parsed {
  readonly statements: readonly unknown[] | null
  readonly error: string | null
}

/** The thread the parser runs in; a module that fails in itself is replaced with it, and the text it had is refused. */
export class Parser {
  #nextId = 1
  readonly #thread = new AskedThread<ParseRequest, ParseReply>({
    script: new URL('./parser-worker.ts', import.meta.url),
    lost: ({ id }) => ({ id, tree: null, error: 'the parser gave up on it', isBroken: true }),
    isBroken: (reply) => reply.isBroken,
    askMore: () => null,
  })

  async parse(sql: string): Promise<Parsed> {
    const { tree, error } = await this.#thread.ask({ id: this.#nextId++, sql })
    return { statements: tree === null ? null : (JSON.parse(tree) as readonly unknown[]), error } // the parser gives a list
  }

  close(): Promise<void> {
    return this.#thread.close()
  }
}
