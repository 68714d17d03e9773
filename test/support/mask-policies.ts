import type { FilterRule, Mask, MaskRule, Policy } from '../../src/domain/index.ts'
import { attributes, policyWith, rule, tables } from './mask-world.ts'
import type { Dice } from './dice.ts'

type Row = Readonly<Record<string, string | null>>

/** A filter in the policy's words, and what it says of a row; null: it cannot be told. */
interface Predicate {
  readonly where: string
  readonly holds: (row: Row) => boolean | null
}

const teams = attributes['teams'] as readonly string[] // the world's own

function leaves(columns: readonly string[]): Predicate[] {
  const all: (Predicate & { readonly needs: string })[] = [
    { needs: 'region', where: 'region = actor.region', holds: (row) => row['region'] === 'EU' },
    { needs: 'region', where: "REGION <> 'EU'", holds: (row) => row['region'] !== 'EU' },
    { needs: 'team', where: 'team IN actor.teams', holds: (row) => (row['team'] == null ? null : teams.includes(row['team'])) },
    { needs: 'team', where: 'team IS NULL', holds: (row) => row['team'] === null },
    { needs: 'team', where: 'team NOT IN actor.nothing', holds: () => null },
    { needs: 'id', where: 'id BETWEEN 2 AND 20', holds: (row) => Number(row['id']) >= 2 && Number(row['id']) <= 20 },
    { needs: 'name', where: "name LIKE 'name 1%'", holds: (row) => row['name']?.startsWith('name 1') ?? null },
    { needs: 'note', where: "note IN ('note 1', 'note 2')", holds: (row) => row['note'] === 'note 1' || row['note'] === 'note 2' },
  ]
  return all.filter((one) => columns.includes(one.needs))
}

function predicate(columns: readonly string[], dice: Dice): Predicate | null {
  const known = leaves(columns)
  if (known.length === 0) return null
  const one = dice.pick(known)
  const other = dice.pick(known)
  switch (dice.below(4)) {
    case 0:
      return { where: `NOT (${one.where})`, holds: (row) => not(one.holds(row)) }
    case 1:
      return { where: `${one.where} AND ${other.where}`, holds: (row) => both(one.holds(row), other.holds(row)) }
    case 2:
      return { where: `(${one.where} OR ${other.where})`, holds: (row) => not(both(not(one.holds(row)), not(other.holds(row)))) }
    default:
      return one
  }
}

function not(value: boolean | null): boolean | null {
  return value === null ? null : !value
}

function both(one: boolean | null, other: boolean | null): boolean | null {
  if (one === false || other === false) return false
  return one === null || other === null ? null : true
}

function maskFor(type: string, dice: Dice, isSqlite: boolean): Mask {
  const none: Mask = { kind: 'null' }
  const texts: Mask[] = [
    { kind: 'hash' },
    { kind: 'constant', value: `it's "x"` },
    { kind: 'partial', show: 'last', count: 2 },
    { kind: 'partial', show: 'first', count: 3 },
  ]
  const units = ['year', 'quarter', 'month', 'week', 'day'] as const
  if (type === 'text') return dice.pick([none, ...texts])
  if (type === 'date') return dice.pick([none, ...texts, { kind: 'bucket', by: dice.pick(units) }])
  if (type.startsWith('timestamp'))
    return dice.pick<Mask>([none, { kind: 'bucket', by: isSqlite ? 'hour' : dice.pick([...units, 'hour']) }])
  if (type === 'integer') return dice.pick([none, ...texts, { kind: 'bucket', by: 7 }])
  if (type === 'numeric') return dice.pick<Mask>([none, { kind: 'bucket', by: 10 }, ...(isSqlite ? [] : texts)])
  return none
}

export interface RandomPolicy {
  readonly policy: Policy
  readonly isVisible: (row: Row, where: string) => boolean
}

/** Some masks and filters over the tables of the world. */
export function randomPolicy(dice: Dice, isSqlite: boolean): RandomPolicy {
  const masks: MaskRule[] = []
  const filters: FilterRule[] = []
  const known = new Map<string, Predicate>()
  for (const { name, columns } of tables) {
    for (const [column, type] of columns) if (dice.chance(0.4)) masks.push(rule([name], [column], maskFor(type, dice, isSqlite)))
    const made = dice.chance(0.6)
      ? predicate(
          columns.map(([column]) => column),
          dice,
        )
      : null
    if (made === null) continue
    known.set(made.where, made)
    filters.push({ roles: [], tables: [name], where: made.where })
  }
  return { policy: policyWith({ masks, filters }), isVisible: (row, where) => known.get(where)?.holds(row) === true }
}
