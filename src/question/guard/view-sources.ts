import type { Relation } from '../../domain/index.ts'
import type { Analysis, ColumnUse } from './analysis.ts'
import { TooMuchWork } from './effort.ts'

/** What a view reads, through any views below it. */
export interface ViewSources {
  readonly relations: readonly { readonly schema: string; readonly name: string }[]
  readonly columns: readonly ColumnUse[]
  /** false: the view's text could not be read, or it calls what a statement may not call. */
  readonly isKnown: boolean
}

export const noSources: ViewSources = { relations: [], columns: [], isKnown: true }
const unknownSources: Followed = { relations: [], columns: [], isKnown: false, height: 0 }
/** A view over a view over a view … beyond this nothing is known. */
const deepest = 16

interface Followed extends ViewSources {
  /** Views below it, one under the other. */
  readonly height: number
}

/** What was found, per relation and per rule of what is safe to call. */
const known = new WeakMap<Relation, Map<string, Followed>>()

export interface ViewReader {
  /** Names the rules `analyse` goes by: other rules, other sources. */
  readonly key: string
  /** Reads a definition in the dialect at hand, taking unknown tables as they are named. */
  analyse(definition: string, view: Relation): Analysis
}

/** Follows a view's text to its tables, each view once. The rows of a materialized view are there already: reading it calls nothing. */
export function sourcesOfView(relation: Relation, reader: ViewReader): ViewSources {
  return follow(relation, reader) ?? noSources
}

/** null: it is no view. */
function follow(relation: Relation, reader: ViewReader): Followed | null {
  if (relation.kind !== 'view' && relation.kind !== 'materialized-view') return null
  const kept = known.get(relation) ?? new Map<string, Followed>()
  known.set(relation, kept)
  const found = kept.get(reader.key)
  if (found !== undefined) return found
  kept.set(reader.key, unknownSources) // until it has been read: of a view that stands on itself nothing is known
  try {
    const sources = readSources(relation, reader)
    kept.set(reader.key, sources)
    return sources
  } catch (error) {
    if (error instanceof TooMuchWork) kept.delete(reader.key) // for here: it is read elsewhere
    throw error
  }
}

function readSources(relation: Relation, reader: ViewReader): Followed {
  const isStored = relation.kind === 'materialized-view'
  if (relation.definition === null) return unknownSources
  const analysis = reader.analyse(relation.definition, relation)
  const views = new Set(analysis.relations.map((use) => use.relation).filter((one) => one !== null))
  const below = [...views].map((view) => follow(view, reader)).filter((sources) => sources !== null)
  const height = Math.max(-1, ...below.map((sources) => sources.height)) + 1
  if (height > deepest) return unknownSources
  const isPlain = analysis.class === 'read' && analysis.problems.length === 0 && below.every((source) => source.isKnown)
  return {
    relations: each([...analysis.relations, ...below.flatMap((source) => source.relations)], ({ schema, name }) => [schema, name]),
    columns: each([...analysis.columns, ...below.flatMap((source) => source.columns)], (use) => [use.schema, use.relation, use.column]),
    // Text that cannot even be parsed tells of no tables, so no rule could be held to it.
    isKnown: isPlain || (isStored && analysis.class === 'read'),
    height,
  }
}

/** Each thing once, however many views lead to it. */
function each<One>(all: readonly One[], nameOf: (one: One) => readonly string[]): readonly One[] {
  return [...new Map(all.map((one) => [nameOf(one).join('\u0000'), one])).values()]
}
