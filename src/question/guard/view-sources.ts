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

/** What was found, per relation and per rule of what is safe to call. */
const known = new WeakMap<Relation, Map<string, ViewSources>>()

export interface ViewReader {
  /** Names the rules `analyse` goes by: other rules, other sources. */
  readonly key: string
  /** Reads a definition in the dialect at hand, taking unknown tables as they are named. */
  analyse(definition: string, view: Relation): Analysis
}

/** Follows a view's text to its tables. The rows of a materialized view are there already: reading it calls nothing. */
export function sourcesOfView(relation: Relation, reader: ViewReader, depth = 0): ViewSources {
  if (relation.kind !== 'view' && relation.kind !== 'materialized-view') return noSources
  const found = known.get(relation)?.get(reader.key)
  if (found !== undefined) return found
  const sources = depth > deepest ? unknownSources : readSources(relation, reader, depth)
  if (!known.has(relation)) known.set(relation, new Map())
  known.get(relation)?.set(reader.key, sources)
  return sources
}

function readSources(relation: Relation, reader: ViewReader, depth: number): ViewSources {
  const isStored = relation.kind === 'materialized-view'
  if (relation.definition === null) return unknownSources
  const analysis = reader.analyse(relation.definition, relation)
  const below = analysis.relations.flatMap((use) => (use.relation === null ? [] : [sourcesOfView(use.relation, reader, depth + 1)]))
  const isPlain = analysis.class === 'read' && analysis.problems.length === 0 && below.every((source) => source.isKnown)
  return {
    relations: [...analysis.relations, ...below.flatMap((source) => source.relations)],
    columns: [...analysis.columns, ...below.flatMap((source) => source.columns)],
    // Text that cannot even be parsed tells of no tables, so no rule could be held to it.
    isKnown: isPlain || (isStored && analysis.class === 'read'),
  }
}
