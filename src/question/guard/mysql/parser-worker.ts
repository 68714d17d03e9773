import { parentPort } from 'node:worker_threads'
import { messageOf } from '../thread/message-of.ts'
import { init, parse } from '@guanmingchiu/sqlparser-ts'

export interface ParseRequest {
  readonly id: number
  readonly sql: string
}

export interface ParseReply {
  readonly id: number
  /** The statements as the parser gives them, in JSON: no depth of it is too deep to be handed over. null: it cannot read the text. */
  readonly tree: string | null
  readonly error: string | null
  /** true: the module has failed in itself and must not be asked again. */
  readonly isBroken: boolean
}

// Says `ready` once, when the module has loaded; nothing is asked before.
const ready = init().then(() => parentPort?.postMessage('ready'))

parentPort?.on('message', (request: ParseRequest) => {
  void ready.then(() => parentPort?.postMessage(answer(request)))
})

function answer({ id, sql }: ParseRequest): ParseReply {
  try {
    return handedOver(id, parse(sql, 'mysql'))
  } catch (error) {
    const said = messageOf(error)
    // Its own errors say so or tell a place. All others, whatever their class, leave the module in no state we know.
    const isOwn = error instanceof Error && /^sql parser error|at Line: \d+, Column: \d+$/.test(said)
    return { id, tree: null, error: said, isBroken: !isOwn }
  }
}

/** The parser's own JSON is indented, and grows by the square of the depth. */
function handedOver(id: number, statements: readonly unknown[]): ParseReply {
  try {
    return { id, tree: JSON.stringify(statements), error: null, isBroken: false }
  } catch {
    return { id, tree: null, error: 'it is too deeply nested', isBroken: false } // the parser itself has done its work
  }
}
