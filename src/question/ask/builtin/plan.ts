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
  | { readonly kind: 'all'; readonly relation: Relation }

export type Condition =
  | { readonly kind: 'compare'; readonly column: ColumnRef; readonly comparison: Comparison; readonly value: string | number }
  | { readonly kind: 'between'; readonly column: ColumnRef; readonly low: string; readonly high: string }
  | { readonly kind: 'period'; readonly column: ColumnRef; readonly from: string | null; readonly to: string | null }
  | { readonly kind: 'aggregate'; readonly column: ColumnRef; readonly comparison: Comparison; readonly aggregate: Aggregate }
  | { readonly kind: 'without'; readonly relation: Relation; readonly other: Relation }

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
  /** true: any of the conditions will do. */
  readonly isAny: boolean
  readonly groups: readonly ColumnRef[]
  readonly having: readonly Having[]
  readonly orders: readonly Order[]
  readonly limit: number | null
  readonly isDistinct: boolean
  /** Relations that must be joined although nothing of them is put out. */
  readonly joined: readonly Relation[]
  readonly assumptions: readonly string[]
}
