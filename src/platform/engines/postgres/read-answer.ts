import { messageKinds, readFields, readRow, readTag, type FieldDescription } from './wire-messages.ts'

export interface AnswerHandler {
  described(fields: readonly FieldDescription[]): void
  row(cells: (string | null)[]): void
  /** A statement is over; `tag` as `UPDATE 3`, empty of an empty statement. */
  done(tag: string): void
}

/**
 * Reads one message of what a server says of a read's statements. The driver would make an object of each of a dozen messages
 * and send it through two event emitters, which takes longer than all else that a small read does here. false: it is the driver's.
 */
export function readAnswer(bytes: Buffer, at: number, body: number, end: number, handler: AnswerHandler): boolean {
  switch (bytes[at]) {
    case messageKinds.dataRow:
      handler.row(readRow(bytes, body))
      return true
    case messageKinds.rowDescription:
      handler.described(readFields(bytes, body, end))
      return true
    case messageKinds.commandComplete:
      handler.done(readTag(bytes, body, end))
      return true
    case messageKinds.emptyQuery:
      handler.done('')
      return true
    case messageKinds.parseComplete:
    case messageKinds.bindComplete:
    case messageKinds.noData:
    case messageKinds.copyDone:
    case messageKinds.copyData: // of a COPY that was not asked for: no rows
    case messageKinds.portalSuspended:
    case messageKinds.parameterDescription:
      return true
    default:
      return false
  }
}
