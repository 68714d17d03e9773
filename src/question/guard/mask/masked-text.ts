import type { Attributes, Overlay } from '../../../domain/index.ts'

/** A value that a masked statement needs and its text must not hold; bound when the statement is sealed. */
export type HiddenValue =
  | { readonly kind: 'mask-key' }
  /** `isList`: all values of the attribute, as the dialect spells a list. */
  | { readonly kind: 'actor'; readonly name: string; readonly isList: boolean }

/** What will run in place of what was written. */
export interface MaskedText {
  readonly sql: string
  /** Bound after the statement's own values, in this order. */
  readonly hidden: readonly HiddenValue[]
  /** Where values are bound by where they stand: for each place, the number of the value among the own and the hidden ones, from 0. */
  readonly order?: readonly number[]
  /** Views laid over the tables, where the text stays as it is; `values` are those of `hidden`. */
  readonly overlay: Pick<Overlay, 'tables' | 'views'> | null
}

/** Who asks, for the values that stay out of what is remembered. */
export interface MaskActor {
  readonly attributes: Attributes
  /** Of this connection; null where no mask needs one. */
  readonly key: string | null
}

/** A hidden value as a dialect binds it: `spellList` writes a list. */
export function boundText(hidden: HiddenValue, actor: MaskActor, spellList: (list: readonly string[]) => string): string | null {
  if (hidden.kind === 'mask-key') return actor.key
  if (!hidden.isList) return textOf(actor, hidden.name)
  const list = listOf(actor, hidden.name)
  return list === null ? null : spellList(list)
}

/** One text; a list has none, and nothing equals it. */
function textOf(actor: MaskActor, name: string): string | null {
  const value = actor.attributes[name]
  return typeof value === 'string' ? value : null
}

/** null: the actor has no such attribute, which is not the same as having an empty one. */
function listOf(actor: MaskActor, name: string): readonly string[] | null {
  const value = actor.attributes[name]
  if (value === undefined) return null
  return typeof value === 'string' ? [value] : value
}
