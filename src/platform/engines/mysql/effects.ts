import type { WriteEffect, WriteVerb } from '../../../domain/index.ts'
import { catalogQueries } from './catalog-queries.ts'
import type { MysqlSession } from './session.ts'

interface TriggerRow {
  readonly schema: string
  readonly relation: string
  readonly name: string
  /** `INSERT`, or several with commas between. */
  readonly events: string
}

interface CascadeRow {
  readonly schema: string
  readonly relation: string
  readonly name: string
  readonly childSchema: string
  readonly child: string
  readonly onUpdate: string
  readonly onDelete: string
}

/** What writing to a relation sets off, as far as this user may see it. */
export interface KnownEffects {
  of(schema: string, relation: string): readonly WriteEffect[]
  /** true: there may be triggers, or keys of tables in other databases, that it may not see. */
  readonly hasHidden: boolean
}

/** Defaults, checks and generated columns of these servers call only the server's own functions, so they set off nothing. */
export async function readEffects(session: MysqlSession): Promise<KnownEffects> {
  const effects = new Map<string, WriteEffect[]>()
  const add = (schema: string, relation: string, effect: WriteEffect): void => {
    const key = `${schema}\u0000${relation}`
    effects.set(key, [...(effects.get(key) ?? []), effect])
  }
  for (const { schema, relation, name, events } of await session.own<TriggerRow>(catalogQueries.triggers))
    add(schema, relation, { kind: 'trigger', name, verbs: verbsOf(events), calls: null, reaches: null })
  for (const { schema, relation, name, childSchema, child, onUpdate, onDelete } of await session.own<CascadeRow>(catalogQueries.cascades)) {
    const verbs: WriteVerb[] = [...(isChange(onUpdate) ? (['update'] as const) : []), ...(isChange(onDelete) ? (['delete'] as const) : [])]
    if (verbs.length > 0) add(schema, relation, { kind: 'cascade', name, verbs, calls: null, reaches: `${childSchema}.${child}` })
  }
  return { of: (schema, relation) => effects.get(`${schema}\u0000${relation}`) ?? [], hasHidden: !(await seesAll(session)) }
}

/** Triggers are shown to whoever may make them; a right on one database does not show the keys of tables in another. */
async function seesAll(session: MysqlSession): Promise<boolean> {
  const [global] = await session.own<{ readonly n: string }>(catalogQueries.seesTriggers)
  if ((global?.n ?? '0') === '0') return false
  const revoked = await session.own<{ readonly Value: string }>("SHOW VARIABLES LIKE 'partial_revokes'") // MySQL may except databases
  return revoked.every(({ Value }) => Value === 'OFF')
}

function isChange(rule: string): boolean {
  return /^(CASCADE|SET NULL|SET DEFAULT)$/i.test(rule)
}

function verbsOf(events: string): readonly WriteVerb[] {
  return (['insert', 'update', 'delete'] as const).filter((verb) => events.toLowerCase().includes(verb))
}
