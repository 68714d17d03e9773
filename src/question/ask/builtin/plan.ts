import type { ColumnRef } from './vocabulary.ts'
import type { Relation } from '../../../domain/index.ts'

export const aggregates = ['count', 'sum', 'avg', 'min', 'max'] as const
export type Aggregate = (typeof aggregates)[number]
export type Comparison = '=' | '<>' | '>' | '>=' | '<' | '<=' | 'like' | 'not like' | 'is null' | 'is not null'

/** A value put out: a column, an aggregate of one, or a count of a relation's rows. */
export type Output =
  | { readonly kind: 'column'; readonly column: ColumnRef }
  | { readonly kind: 'aggregate'; readonly aggregate: Aggregate; readonly column: ColumnRef; readonly isDistinct: boolean }
  | { readonly kind: 'count'; readonly relation: Relation }
  /** Of the rows, those that pass the tests, in percent or as a part of one. */
  | { readonly kind: 'share'; readonly relation: Relation; readonly tests: readonly ColumnTest[]; readonly isPercent: boolean }
  /** Rows of one relation for each row of the other it belongs to, on average. */
  | { readonly kind: 'mean-count'; readonly relation: Relation; readonly per: ColumnRef }
  | { readonly kind: 'all'; readonly relation: Relation }

/** A test of one column of the row at hand. */
export type ColumnTest =
  | { readonly kind: 'compare'; readonly column: ColumnRef; readonly comparison: Comparison; readonly value: string | number }
  | { readonly kind: 'between'; readonly column: ColumnRef; readonly low: string; readonly high: string }
  | { readonly kind: 'period'; readonly column: ColumnRef; readonly from: string | null; readonly to: string | null }

export type Condition =
  | ColumnTest
  /** Compared with an aggregate over all rows. */
  | { readonly kind: 'aggregate'; readonly column: ColumnRef; readonly comparison: Comparison; readonly aggregate: Aggregate }
  /** Compared with other rows of the same relation: "in the same department as Clara", "more than every manager". */
  | {
      readonly kind: 'others'
      readonly column: ColumnRef
      readonly comparison: Comparison
      readonly aggregate: 'min' | 'max' | null
      readonly where: readonly ColumnTest[]
    }
  | { readonly kind: 'any'; readonly of: readonly ColumnTest[] }
  /** A row of the other relation that passes the tests belongs to this one; negated: none does. */
  | {
      readonly kind: 'exists'
      readonly isNegated: boolean
      readonly relation: Relation
      readonly other: Relation
      readonly where: readonly ColumnTest[]
    }
  /** A row with the same value passes the tests, or none does: "locations where no cinema has …", "both in 2010 and in 2011". */
  | { readonly kind: 'among'; readonly column: ColumnRef; readonly isNegated: boolean; readonly where: readonly ColumnTest[] }

export interface Having {
  readonly output: Output
  readonly comparison: Comparison
  readonly value: number
}

export interface Order {
  readonly output: Output
  readonly isDescending: boolean
}

/** A question as the drafter has understood it, before it is SQL. */
export interface Plan {
  readonly subject: Relation
  readonly outputs: readonly Output[]
  readonly conditions: readonly Condition[]
  readonly groups: readonly ColumnRef[]
  readonly having: readonly Having[]
  readonly orders: readonly Order[]
  readonly limit: number | null
  readonly isDistinct: boolean
  /** Relations that must be joined although nothing of them is put out. */
  readonly joined: readonly Relation[]
  readonly assumptions: readonly string[]
}
