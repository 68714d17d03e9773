import type { Param } from '../../../domain/index.ts'

/** A result's column as the driver's wire gives it; its typings leave some of it out. */
export interface WireField {
  readonly name: string
  readonly columnType: number
  readonly flags: number
  readonly characterSet: number
  readonly columnLength: number
  /** Digits of the fraction; 31 and above: as many as there are. */
  readonly decimals: number
  /** MariaDB tells JSON columns apart only here. */
  readonly extendedFormat?: string
}

/** One packet of a binary row, read from left to right. */
export interface WirePacket {
  readInt8(): number
  readSInt8(): number
  readInt16(): number
  readSInt16(): number
  readInt32(): number
  readSInt32(): number
  readInt64String(): string
  readSInt64String(): string
  readFloat(): number
  readDouble(): number
  readLengthCodedBuffer(): Buffer | null
}

/** The driver's running statement. Its parser is ours to give, so that no value passes through a double or a Date. */
export interface WireExecution {
  buildParserFromFields: (fields: readonly WireField[]) => new () => { next(packet: WirePacket): unknown }
  on(event: 'fields', listener: (fields: readonly WireField[] | undefined) => void): this
  on(event: 'result', listener: (row: unknown) => void): this
  on(event: 'error', listener: (error: unknown) => void): this
  on(event: 'end', listener: () => void): this
}

export interface WireStatement {
  readonly parameters: readonly unknown[]
  execute(params: readonly Param[]): WireExecution
}

export interface WireConnection {
  readonly threadId: number | null
  readonly stream: {
    on(event: 'data', listener: (chunk: Buffer) => void): void
    off(event: 'data', listener: (chunk: Buffer) => void): void
    destroy(): void
  }
  readonly _handshakePacket: { readonly serverVersion?: string } | null
  prepare(sql: string, done: (error: unknown, statement: WireStatement) => void): void
  /** Closes what `prepare` has opened; the driver would keep it. */
  unprepare(sql: string): void
  query(sql: string, done: (error: unknown, rows: unknown) => void): void
  pause(): void
  resume(): void
  end(done: (error?: unknown) => void): void
  destroy(): void
  on(event: 'error' | 'end', listener: (error: unknown) => void): void
  once(event: 'connect', listener: () => void): void
  once(event: 'error', listener: (error: unknown) => void): void
}
