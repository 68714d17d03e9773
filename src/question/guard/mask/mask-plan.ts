import {
  columnNamed,
  columnsOfFilter,
  filtersOf,
  maskOf,
  matchesRelation,
  parseRowFilter,
  strictestMask,
  type Mask,
  type Policy,
  type Reason,
  type Relation,
  type RoleName,
  type RowFilter,
} from '../../../domain/index.ts'
import type { CatalogIndex } from '../catalog-index.ts'
import { certain } from '../certain.ts'
import { brokenFilter } from './mask-reasons.ts'

/** What is shown of one relation. */
export interface Masking {
  readonly relation: Relation
  /** By column name. */
  readonly masks: ReadonlyMap<string, Mask>
  /** All must hold of a row; names of columns are those of the relation. */
  readonly filters: readonly RowFilter[]
  /** Why the relation cannot be read at all. */
  readonly problem: Reason | null
}

/** The masks and filters of one policy for holders of some roles, relation by relation. */
export class MaskPlan {
  readonly #index: CatalogIndex
  readonly #policy: Policy
  readonly #roles: readonly RoleName[]
  readonly #known = new Map<Relation, Masking | null>()

  constructor(index: CatalogIndex, policy: Policy, roles: readonly RoleName[]) {
    this.#index = index
    this.#policy = policy
    this.#roles = roles
  }

  /** null: it is shown as it is. A rule on a table holds for its parts, and for all it is a part of. */
  of(relation: Relation): Masking | null {
    const known = this.#known.get(relation)
    if (known !== undefined) return known
    const made = this.#make(relation)
    this.#known.set(relation, made)
    return made
  }

  /** Whether some rule may speak of a relation that the catalog does not list. */
  mayConcern(schema: string, name: string): boolean {
    const { masks, filters } = this.#policy
    return [...masks, ...filters].some((rule) => rule.tables.some((pattern) => matchesRelation(pattern, schema, name)))
  }

  isUnlisted(schema: string, name: string): boolean {
    return this.#index.find(schema, name) === null
  }

  find(schema: string, name: string): Masking | null {
    const relation = this.#index.find(schema, name)
    return relation === null ? null : this.of(relation)
  }

  #make(relation: Relation): Masking | null {
    const family = [...new Set([relation, ...this.#index.familyOf(relation)])]
    const masks = new Map<string, Mask>()
    for (const { name } of relation.columns) {
      const all = family.map((member) => maskOf(this.#policy, this.#roles, member, name)).filter((mask) => mask !== null)
      const mask = strictestMask(all)
      if (mask !== null) masks.set(name, mask)
    }
    const rules = [...new Set(family.flatMap((member) => filtersOf(this.#policy, this.#roles, member)))]
    if (masks.size === 0 && rules.length === 0) return null
    const parsed = rules.map((rule) => boundFilter(rule.where, relation))
    const broken = parsed.some((filter) => filter === null)
    return { relation, masks, filters: parsed.filter((filter) => filter !== null), problem: broken ? brokenFilter(relation.name) : null }
  }
}

/** The filter with the relation's own spelling of columns; null where it names one the relation has not got. */
function boundFilter(where: string, relation: Relation): RowFilter | null {
  const filter = parseRowFilter(where)
  if ('problem' in filter) return null // cannot be saved, but a policy may come from elsewhere
  const spelt = new Map(columnsOfFilter(filter).map((column) => [column, columnNamed(relation.columns, column)]))
  if ([...spelt.values()].includes(null)) return null
  return respell(filter, (column) => ({ ...column, name: certain(spelt.get(column)), isQuoted: true }))
}

type Column = Extract<RowFilter, { kind: 'is-null' }>['column']

function respell(filter: RowFilter, spell: (column: Column) => Column): RowFilter {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { ...filter, parts: filter.parts.map((part) => respell(part, spell)) }
    case 'not':
      return { ...filter, part: respell(filter.part, spell) }
    case 'compare':
      return {
        ...filter,
        left: filter.left.kind === 'column' ? spell(filter.left) : filter.left,
        right: filter.right.kind === 'column' ? spell(filter.right) : filter.right,
      }
    case 'in':
      return {
        ...filter,
        left: filter.left.kind === 'column' ? spell(filter.left) : filter.left,
        items: filter.items.map((item) => (item.kind === 'column' ? spell(item) : item)),
      }
    case 'is-null':
      return { ...filter, column: spell(filter.column) }
    case 'constant':
      return filter
  }
}
