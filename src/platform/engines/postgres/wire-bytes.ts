import { Connection } from 'pg'
import type { Param } from '../../../domain/index.ts'
import type { OwnStatement } from './prologue.ts'

/** The driver's messages, as its connection writes them; its typings leave them out. */
interface Writer {
  parse(query: { text: string; name?: string }): void
  bind(config: { statement?: string; values?: readonly Param[] }): void
  describe(message: { type: 'P' | 'S'; name: string }): void
  execute(config: Record<string, never>): void
  sync(): void
}

let chunks: Buffer[] = []
/** A connection to nowhere: it keeps what would be sent. Messages are made and taken in one go, so one serves all. */
const writer = new Connection({
  stream: { writable: true, write: (chunk: Buffer) => chunks.push(chunk) },
} as never) as unknown as Writer // see Writer; the typings want a socket

function written(): Buffer {
  const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks) // there is one
  chunks = []
  return bytes
}

const keptBytes = new WeakMap<readonly OwnStatement[], Buffer>()

/** Our own statements, Sync after them where `isLast`. A name in `kept` is not parsed again; the same list is written once. */
export function ownBytes(statements: readonly OwnStatement[], kept: ReadonlySet<string>, isLast: boolean): Buffer {
  const areKept = statements.every(({ name }) => name !== '' && kept.has(name))
  const known = areKept ? keptBytes.get(statements) : undefined
  if (known !== undefined) return known
  for (const { name, text, values } of statements) {
    if (name === '' || !kept.has(name)) writer.parse({ text, name })
    writer.bind({ statement: name, values })
    writer.execute({})
  }
  if (isLast) writer.sync()
  const bytes = written()
  if (areKept) keptBytes.set(statements, bytes)
  return bytes
}

let withoutParams: Buffer | null = null

/** What follows a statement without parameters is always the same. */
function boundToNothing(): Buffer {
  if (withoutParams !== null) return withoutParams
  writer.bind({ values: [] })
  writer.describe({ type: 'P', name: '' })
  writer.execute({})
  withoutParams = written()
  return withoutParams
}

/** The judged statement. No types are named: the server infers each parameter from its place. */
export function statementBytes(text: string, params: readonly Param[], isDescribeOnly: boolean): Buffer {
  writer.parse({ text })
  if (params.length === 0 && !isDescribeOnly) return Buffer.concat([written(), boundToNothing()])
  if (isDescribeOnly) writer.describe({ type: 'S', name: '' })
  else {
    writer.bind({ values: params })
    writer.describe({ type: 'P', name: '' })
    writer.execute({})
  }
  return written()
}
