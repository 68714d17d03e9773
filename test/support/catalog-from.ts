import type { Catalog, Relation, RelationKind } from '../../src/domain/index.ts'

/** A relation in a few words: `schema.name`, columns as `name` or `name:type`. */
export interface BriefRelation {
  readonly name: string
  readonly columns: readonly string[]
  readonly kind?: RelationKind
  readonly definition?: string
  readonly parents?: readonly string[]
  readonly primaryKey?: readonly string[]
}

/** A catalog written by hand, for tests and benches that need no server. */
export function catalogFrom(
  dialect: Catalog['dialect'],
  relations: readonly BriefRelation[],
  rest: Partial<Pick<Catalog, 'functions' | 'operators' | 'types' | 'searchPath' | 'version' | 'database'>> = {},
): Catalog {
  const schema = dialect === 'sqlite' ? 'main' : 'public'
  return {
    dialect,
    database: 'fixture',
    serverVersion: '18',
    version: `fixture ${dialect}`,
    searchPath: [schema],
    functions: [],
    operators: [],
    types: [],
    ...rest,
    relations: relations.map((brief) => toRelation(brief, schema)),
  }
}

function toRelation(brief: BriefRelation, defaultSchema: string): Relation {
  const [first = '', second] = brief.name.split('.')
  return {
    schema: second === undefined ? defaultSchema : first,
    name: second ?? first,
    kind: brief.kind ?? 'table',
    comment: null,
    columns: brief.columns.map((column) => {
      const [name = '', type = 'text'] = column.split(':')
      return { name, type, isNullable: true, comment: null, statistics: null }
    }),
    primaryKey: brief.primaryKey ?? [],
    uniqueKeys: [],
    foreignKeys: [],
    estimatedRows: null,
    sizeBytes: null,
    definition: brief.definition ?? null,
    parents: brief.parents ?? [],
  }
}
