import type { Analysis, RelationUse } from './analysis.ts'
import type { CatalogIndex } from './catalog-index.ts'
import type { ViewSources } from './view-sources.ts'

export interface AnalyseOptions {
  /** null: names cannot be looked up and are taken as they are written. */
  readonly index: CatalogIndex | null
  /** User-defined functions and operators an admin has marked safe, as `schema.name`. */
  readonly safeFunctions: ReadonlySet<string>
  /** Bound values that come with the statement; null: it is not asked about them. */
  readonly paramCount: number | null
}

/** One dialect's reading of statements. Opened when its first statement comes; it may hold threads, never a connection. */
export interface Analyser {
  /** May throw for hostile text: a parser that runs out of stack. The guard refuses what throws. */
  analyse(sql: string, options: AnalyseOptions): Analysis | Promise<Analysis>
  /** What a relation of that analysis reads where it is a view, through any views below it. */
  sourcesOf(use: RelationUse, analysis: Analysis, options: AnalyseOptions): ViewSources
  close(): Promise<void>
}
