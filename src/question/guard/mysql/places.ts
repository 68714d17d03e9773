import type { Span } from '../../../domain/index.ts'
import { certain } from '../certain.ts'

/** The parser's way of telling places: lines and columns from 1, columns in code points; 0 where it does not know. */
export interface ParserSpan {
  readonly start: { readonly line: number; readonly column: number }
  readonly end: { readonly line: number; readonly column: number }
}

/** Turns the parser's places into offsets of one text. */
export class Places {
  /** By line: UTF-16 offset of each code point. */
  readonly #lines: number[][] = [[]]
  readonly #bytes: Uint32Array

  constructor(sql: string) {
    this.#bytes = new Uint32Array(sql.length + 1)
    let bytes = 0
    let at = 0
    for (const char of sql) {
      this.#lines.at(-1)?.push(at)
      if (char === '\n') this.#lines.push([])
      this.#bytes.fill(bytes, at, at + char.length)
      bytes += Buffer.byteLength(char)
      at += char.length
    }
    this.#lines.at(-1)?.push(at)
    this.#bytes[at] = bytes
  }

  /** UTF-16 offset; -1: the parser does not know, or tells of a place that is not there. */
  offset({ line, column }: ParserSpan['start']): number {
    return this.#lines[line - 1]?.[column - 1] ?? -1
  }

  /** Bytes from the text's start. */
  span(span: ParserSpan): Span {
    const start = Math.max(0, this.offset(span.start))
    const end = Math.max(start + 1, this.offset(span.end))
    return { start: certain(this.#bytes[start]), end: certain(this.#bytes[Math.min(end, this.#bytes.length - 1)]) }
  }
}
