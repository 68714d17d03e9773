import {
  isAllowed,
  writeRulesFor,
  type PlannedWrite,
  type Reason,
  type Relation,
  type RelationKind,
  type WriteEffect,
} from '../../domain/index.ts'
import type { Analysis, WriteUse } from './analysis.ts'
import type { Bench } from './bench.ts'
import * as say from './write-reasons.ts'

/** What the policy says of the rows a statement changes. */
export interface WriteJudgement {
  /** Against it, whatever anybody approves. */
  readonly refusals: readonly Reason[]
  /** For the person who approves to know. */
  readonly notes: readonly Reason[]
  /** true: the policy lets it run without another person. */
  readonly isWaived: boolean
  readonly planned: readonly PlannedWrite[]
}

/** Judges the written side; that every name in it may be seen at all has been judged with the names that are read. */
export function judgeWrites(analysis: Analysis, bench: Bench): WriteJudgement {
  const { writes, statement, problems } = analysis
  // What could not be read has been refused, and it is not known to lock anything.
  const unread = problems.length > 0 ? [] : [say.locksRows(statement)]
  if (writes.length === 0) return { refusals: unread, notes: [], isWaived: false, planned: [] }
  const all = writes.map((use) => judgeWrite(use, bench))
  return {
    refusals: all.flatMap((one) => one.refusals),
    notes: all.flatMap((one) => one.notes),
    isWaived: all.every((one) => one.isWaived),
    planned: all.map((one) => one.planned),
  }
}

/** Views and foreign tables are written to by the rules of something else. */
const writableKinds: ReadonlySet<RelationKind> = new Set(['table', 'partitioned-table'])

interface OneJudgement extends Omit<WriteJudgement, 'planned'> {
  readonly planned: PlannedWrite
}

function judgeWrite(use: WriteUse, bench: Bench): OneJudgement {
  const { target, verb, columns, isWhole } = use
  const { policy } = bench
  const { span } = target
  const planned: PlannedWrite = { table: `${target.schema}.${target.name}`, verb, columns: [...new Set(columns)].toSorted(), isWhole }
  const refusals: Reason[] = []
  const notes: Reason[] = []
  const members = target.relation === null || bench.index === null ? [] : bench.index.familyOf(target.relation)
  if (target.relation !== null && !writableKinds.has(target.relation.kind)) refusals.push(say.notATable(planned, span))
  refusals.push(...ruleReasons(planned, use, members, bench))
  if (isWhole && verb !== 'insert') {
    const isRefused = policy.wholeTableWrites === 'refuse'
    ;(isRefused ? refusals : notes).push(say.wholeTable(planned, span, isRefused))
  }
  const effects = effectReasons(planned, use, members, bench)
  refusals.push(...effects.refusals)
  notes.push(...effects.notes)
  return { planned, refusals, notes, isWaived: isWaived(use, bench) && !isWhole && !effects.isUncertain }
}

/** A rule on a partitioned table and one on its parts hold for both. */
function ruleReasons(
  planned: PlannedWrite,
  { target, verb, columns }: WriteUse,
  members: readonly Relation[],
  { policy, roles }: Bench,
): Reason[] {
  if (policy.writes.length === 0) return []
  const isOpen = (relation: { readonly schema: string; readonly name: string }): boolean =>
    writeRulesFor(policy, roles, relation, verb, null).length > 0
  if (!isOpen(target) && !members.some(isOpen)) return [say.notWritable(planned, target.span)]
  const closed = columns.filter((column) =>
    [target, ...members].every((relation) => writeRulesFor(policy, roles, relation, verb, column).length === 0),
  )
  return closed.length === 0 ? [] : [say.columnsNotWritable(planned, [...new Set(closed)], target.span)]
}

/** One rule must waive it for the table and every column; what several rules waive in part is left to a person. */
function isWaived({ target, verb, columns }: WriteUse, { policy, roles }: Bench): boolean {
  const rules = writeRulesFor(policy, roles, target, verb, null).filter((rule) =>
    columns.every((column) => writeRulesFor(policy, roles, target, verb, column).includes(rule)),
  )
  return rules.length > 0 && rules.every((rule) => rule.approval === 'waived')
}

interface EffectJudgement {
  readonly refusals: readonly Reason[]
  readonly notes: readonly Reason[]
  readonly isUncertain: boolean
}

function effectReasons(planned: PlannedWrite, { target, verb }: WriteUse, members: readonly Relation[], bench: Bench): EffectJudgement {
  const { policy } = bench
  const isRefused = policy.sideEffects === 'refuse'
  const { span } = target
  // Without a catalog there is no relation, and what writing to it sets off is not known either.
  const isUnknown = members.length === 0 || members.some((relation) => relation.effects === undefined)
  const isHidden = members.some((relation) => relation.hasHiddenEffects === true)
  const unknown = isUnknown ? [say.effectsUnknown(planned, span)] : isHidden ? [say.effectsHidden(planned, span)] : []
  const effects = members.flatMap((relation) => relation.effects ?? []).filter((effect) => effect.verbs.includes(verb))
  const code = effects.filter((effect) => effect.kind !== 'cascade' && !isMarkedSafe(effect, bench))
  const told = unique(code.map((effect) => say.sideEffect(planned, effect, span, isRefused)))
  const cascades = cascadeReasons(planned, effects, verb, { ...bench, span })
  return {
    refusals: [...(isRefused ? [...unknown, ...told] : []), ...cascades.refusals],
    notes: [...(isRefused ? [] : [...unknown, ...told]), ...cascades.notes],
    isUncertain: unknown.length + told.length + cascades.notes.length > 0,
  }
}

function isMarkedSafe(effect: WriteEffect, { policy }: Bench): boolean {
  return effect.calls !== null && policy.safeFunctions.includes(effect.calls)
}

/** A key that takes rows of another table along is a write to that table. */
function cascadeReasons(
  planned: PlannedWrite,
  effects: readonly WriteEffect[],
  verb: WriteUse['verb'],
  { policy, roles, index, span }: Bench & { readonly span: Reason['span'] & object },
): { readonly refusals: readonly Reason[]; readonly notes: readonly Reason[] } {
  const reached = [...new Set(effects.flatMap((effect) => (effect.kind === 'cascade' && effect.reaches !== null ? [effect.reaches] : [])))]
  const isClosed = (name: string): boolean => {
    const relation = index?.catalog.relations.find((one) => `${one.schema}.${one.name}` === name)
    if (relation === undefined || !isAllowed(policy, roles, relation, null)) return true
    const isCovered = [verb, 'update' as const].some((one) => writeRulesFor(policy, roles, relation, one, null).length > 0)
    return policy.writes.length > 0 && !isCovered
  }
  if (reached.some(isClosed)) return { refusals: [say.cascadeNotAllowed(planned, span)], notes: [] }
  return { refusals: [], notes: reached.map((name) => say.cascade(planned, name, span)) }
}

function unique(reasons: readonly Reason[]): Reason[] {
  return [...new Map(reasons.map((reason) => [reason.message, reason])).values()]
}
