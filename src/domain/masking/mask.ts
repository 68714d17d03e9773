import type { RoleName } from '../role.ts'

/** Units a date may be cut down to. */
export const dateUnits = ['year', 'quarter', 'month', 'week', 'day', 'hour'] as const
export type DateUnit = (typeof dateUnits)[number]

export const shownEnds = ['first', 'last'] as const

/** What is shown in a column's place. NULL stays NULL under every mask but `constant`. */
export type Mask =
  | { readonly kind: 'null' }
  | { readonly kind: 'constant'; readonly value: string }
  /** Keyed: alike for alike values within one connection, so joins still work; not to be looked up in a dictionary. */
  | { readonly kind: 'hash' }
  /** Some characters of one end, if the text has at least twice as many. */
  | { readonly kind: 'partial'; readonly show: (typeof shownEnds)[number]; readonly count: number }
  /** The lower end of a range: of a width for numbers, of a calendar unit for dates. */
  | { readonly kind: 'bucket'; readonly by: number | DateUnit }

/** Which columns are masked for whom. Patterns as in a PolicyRule. */
export interface MaskRule {
  /** Empty: everybody, admins too. */
  readonly roles: readonly RoleName[]
  readonly tables: readonly string[]
  readonly columns: readonly string[]
  readonly mask: Mask
}

/** Which rows of some tables there are for whom. */
export interface FilterRule {
  /** Empty: everybody, admins too. */
  readonly roles: readonly RoleName[]
  readonly tables: readonly string[]
  /** See row-filter.ts. */
  readonly where: string
}

/** What `actor.<name>` in a row filter is for some members or roles. */
export interface AttributeRule {
  /** Ids of members, or their names as patterns; empty: everybody. */
  readonly members: readonly string[]
  /** Empty: every role. */
  readonly roles: readonly RoleName[]
  readonly set: Readonly<Record<string, string | readonly string[]>>
}

const strictness: readonly Mask['kind'][] = ['null', 'constant', 'hash', 'bucket', 'partial']

/** Where several masks apply to one column the one that shows least wins; of equals the first. */
export function strictestMask(masks: readonly Mask[]): Mask | null {
  return masks.toSorted((a, b) => strictness.indexOf(a.kind) - strictness.indexOf(b.kind))[0] ?? null
}
