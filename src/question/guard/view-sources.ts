import type { Relation } from '../../domain/index.ts'
import type { Analysis, ColumnUse } from './analysis.ts'

/** What a view reads, through any views below it. */
export interface ViewSources {
  readonly relations: readonly { readonly schema: string; readonly name: string }[]
  readonly columns: readonly ColumnUse[]
  /** false: the view's text could not be read, or it calls what a statement may not call. */
  readonly isKnown: boolean
}

export const noSources: ViewSources = { relations: [], columns: [], isKnown: true }
const unknownSources: ViewSources = { relations: [], columns: [], isKnown: false }
const deepest = 16

const known = new WeakMap<Relation, ViewSources>()

/** Follows a view's text to its tables. `analyse` reads a definition in the dialect at hand, taking unknown tables as they are named. */
export function sourcesOfView(relation: Relation, analyse: (definition: string) => Analysis, depth = 0): ViewSources {
  if (relation.kind !== 'view' && relation.kind !== 'materialized-view') return noSources
  const found = known.get(relation)
  if (found !== undefined) return found
  if (relation.definition === null || depth > deepest) return unknownSources
  const analysis = analyse(relation.definition)
  const below = analysis.relations.flatMap((use) => (use.relation === null ? [] : [sourcesOfView(use.relation, analyse, depth + 1)]))
  const sources: ViewSources = {
    relations: [...analysis.relations, ...below.flatMap((source) => source.relations)],
    columns: [...analysis.columns, ...below.flatMap((source) => source.columns)],
    isKnown: analysis.class === 'read' && analysis.problems.length === 0 && below.every((source) => source.isKnown),
  }
  known.set(relation, sources)
  return sources
}
