import type { Reason } from '../../domain/index.ts'
import type { Analysis, RelationUse } from './analysis.ts'
import type { CatalogIndex } from './catalog-index.ts'
import type { MaskPlan } from './mask/mask-plan.ts'
import type { HiddenValue, MaskActor, MaskedText } from './mask/masked-text.ts'
import type { ViewSources } from './view-sources.ts'

export interface AnalyseOptions {
  /** null: names cannot be looked up and are taken as they are written. */
  readonly index: CatalogIndex | null
  /** User-defined functions and operators an admin has marked safe, as `schema.name`. */
  readonly safeFunctions: ReadonlySet<string>
  /** Bound values that come with the statement; null: it is not asked about them. */
  readonly paramCount: number | null
}

/** A read that may be run, and what of it is masked or filtered. */
export interface MaskRequest {
  readonly sql: string
  /** Its own; those of the masks come after them. null: not known yet. */
  readonly paramCount: number | null
  readonly plan: MaskPlan
  /** The relations it names. */
  readonly uses: readonly RelationUse[]
  readonly analysis: Analysis
}

/** Masks are laid with a catalog only. */
export interface MaskOptions extends AnalyseOptions {
  readonly index: CatalogIndex
}

/** How one dialect lays masks and filters over a statement. */
export interface Masker {
  /** A reason where it cannot be done. */
  mask(request: MaskRequest, options: MaskOptions): MaskedText | Reason | Promise<MaskedText | Reason>
  /** A hidden value as this dialect binds it. */
  bound(hidden: HiddenValue, actor: MaskActor): string | null
}

/** One dialect's reading of statements. Opened when its first statement comes; it may hold threads, never a connection. */
export interface Analyser {
  /** May throw for hostile text: a parser that runs out of stack. The guard refuses what throws. */
  analyse(sql: string, options: AnalyseOptions): Analysis | Promise<Analysis>
  /** What a relation of that analysis reads where it is a view, through any views below it. */
  sourcesOf(use: RelationUse, analysis: Analysis, options: AnalyseOptions): ViewSources
  readonly masker: Masker
  close(): Promise<void>
}
