import { parentPort } from 'node:worker_threads'
import { messageOf } from '../thread/message-of.ts'
import { init, parse } from '@guanmingchiu/sqlparser-ts'

export interface ParseRequest {
  readonly id: number
  readonly sql: string
}

export interface ParseReply {
  readonly id: number
  /** The statements as the parser gives them; null: it cannot read the text. */
  readonly statements: readonly unknown[] | null
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
    const statements = parse(sql, 'mysql') as unknown as readonly unknown[]
    return { id, statements, error: null, isBroken: false }
  } catch (error) {
    const said = messageOf(error)
    // Its own errors say so or tell a place. All others, whatever their class, leave the module in no state we know.
    const isOwn = error instanceof Error && /^sql parser error|at Line: \d+, Column: \d+$/.test(said)
    return { id, statements: null, error: said, isBroken: !isOwn }
  }
}
