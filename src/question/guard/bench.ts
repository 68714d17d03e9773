import type { Policy, RoleName } from '../../domain/index.ts'
import type { RelationUse } from './analysis.ts'
import type { CatalogIndex } from './catalog-index.ts'
import type { ViewSources } from './view-sources.ts'

/** What an analysed statement is judged by. */
export interface Bench {
  readonly index: CatalogIndex | null
  readonly policy: Policy
  readonly roles: readonly RoleName[]
  /** What a view reads, all the way down. */
  readonly sourcesOf: (use: RelationUse) => ViewSources
  /** true: what is asked for is the plan, not the rows. */
  readonly isExplained: boolean
}
