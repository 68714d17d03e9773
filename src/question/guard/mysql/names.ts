import { certain } from '../certain.ts'
import type { Node } from './node.ts'

/** One written name. */
export interface Ident {
  readonly value: string
  readonly isQuoted: boolean
  /** true: in the quotes of a string. */
  readonly isString: boolean
  readonly node: Node
}

export function identOf(value: unknown): Ident | null {
  if (value === null || typeof value !== 'object') return null
  const node = value as Node // the parser gives plain objects only
  const inner = (node['Identifier'] ?? node) as Node
  if (typeof inner['value'] !== 'string' || inner['span'] === undefined) return null
  return {
    value: inner['value'],
    isQuoted: typeof inner['quote_style'] === 'string',
    isString: /^['"]$/.test(String(inner['quote_style'])),
    node: inner,
  }
}

/** The parts of `a.b.c`, whichever way the parser wraps them. */
export function identsOf(value: unknown): Ident[] {
  return Array.isArray(value) ? value.map((part) => certain(identOf(part))) : []
}

/**
 * A capital that is not the capital of its small letter (İ, which both servers take for I; K, Å, ẞ), or a Σ at the end of a word:
 * we and the servers may not find the same names equal.
 */
export function hasOddCase(name: string): boolean {
  const letters = Array.from(name)
  const isOdd = (letter: string): boolean => letter.toLowerCase() !== letter && letter.toLowerCase().toUpperCase() !== letter
  return letters.some(isOdd) || letters.map((letter) => letter.toLowerCase()).join('') !== name.toLowerCase()
}
