import { isAllowed, matchesRelation, type Decision, type PlannedWrite, type Reason, type Verdict } from '../../domain/index.ts'
import { qualified, type Analysis, type ColumnUse, type RelationUse } from './analysis.ts'
import type { Bench } from './bench.ts'
import {
  classReasons,
  columnsUnknown,
  explainHidden,
  frozen,
  notAvailable,
  starNotAvailable,
  unsafeView,
  writeNeedsApproval,
} from './judge-reasons.ts'
import { judgeWrites } from './judge-writes.ts'
import { nearestName } from './nearest-name.ts'

/** The verdict on an analysed statement: problems first, then class, then table and column rules. */
export function judge(analysis: Analysis, bench: Bench): Verdict {
  const reasons: Reason[] = [...analysis.problems]
  if (bench.policy.isFrozen) reasons.push(frozen)
  const sight = seen(analysis, bench)
  // Names in what is never run anyway (ddl, admin) are not looked up: a CREATE names what is not there yet.
  if (analysis.class === 'read' || analysis.class === 'write') reasons.push(...sight.reasons)
  // Not of a view that is hidden itself: that it is one must not be told.
  const opened = bench.isExplained && reasons.length === 0 ? analysis.relations.find((use) => isOverHidden(use, bench)) : undefined
  if (opened !== undefined) reasons.push(explainHidden(opened.name, opened.span))
  const { decision, writes } = decide(analysis, bench, reasons)
  return {
    class: analysis.class,
    columns: unique(sight.columns.map((use) => use.told)),
    decision,
    filtered: [],
    functions: unique(analysis.functions),
    masked: [],
    reasons,
    tables: unique(analysis.relations.map((use) => qualified(sight.isHidden(use) ? use.writtenSchema : use.schema, use.name))),
    ...(writes === null || reasons.some((reason) => reason.code.endsWith('-not-available')) ? {} : { writes }),
  }
}

interface Decided {
  readonly decision: Decision
  /** null: nothing is written. */
  readonly writes: readonly PlannedWrite[] | null
}

function decide(analysis: Analysis, bench: Bench, reasons: Reason[]): Decided {
  if (analysis.class === 'read') return { decision: reasons.length === 0 ? 'allow' : 'refuse', writes: null }
  const span = analysis.statement
  if (analysis.class !== 'write' || !bench.policy.writers.some((writer) => bench.roles.includes(writer))) {
    reasons.push({ ...classReasons[analysis.class], span })
    return { decision: 'refuse', writes: null }
  }
  const judged = judgeWrites(analysis, bench)
  const writes = judged.planned
  reasons.push(...judged.refusals)
  if (reasons.length > 0) return { decision: 'refuse', writes }
  reasons.push(...(judged.isWaived ? [] : [{ ...writeNeedsApproval, span }]), ...judged.notes)
  return { decision: judged.isWaived ? 'allow' : 'confirm', writes }
}

interface Sight {
  readonly reasons: readonly Reason[]
  /** Columns that may be told of. */
  readonly columns: readonly ColumnUse[]
  isHidden(use: RelationUse): boolean
}

/**
 * What this role may see of the names. A relation that is denied is treated as one that does not exist, down to the last
 * hint; and where one is missing, nothing is said of columns, for of a table that does not exist nobody knows them.
 */
function seen(analysis: Analysis, bench: Bench): Sight {
  const hidden = unreadable(analysis.relations, relationKey, (use) => isReadable(use, bench))
  const isHidden = (use: RelationUse): boolean => hidden.has(use)
  if (hidden.size > 0) {
    const hiddenNames = new Set([...hidden].map(relationKey))
    const columns = analysis.columns.filter((use) => !hiddenNames.has(`${use.schema}\u0000${use.relation}`) && isColumnReadable(use, bench))
    return {
      reasons: [...hidden].map((use, at) =>
        notAvailable('table', use.name, use.span, at < mostHints ? nearestTable(use.name, bench) : null),
      ),
      columns,
      isHidden,
    }
  }
  if (bench.index === null) {
    const untold = analysis.relations.filter((use) => hasColumnRules(use, bench)).map((use) => columnsUnknown(use.name, use.span))
    if (untold.length > 0) return { reasons: untold, columns: [], isHidden }
  }
  const unsafe = analysis.relations.filter((use) => !bench.sourcesOf(use).isKnown).map((use) => unsafeView(use.name, use.span))
  const denied =
    bench.policy.rules.length === 0 ? noColumns : unreadable(analysis.columns, columnKey, (use) => isColumnReadable(use, bench))
  const columns = analysis.columns.filter((use) => !denied.has(use))
  return { reasons: [...unsafe, ...columnReasons(analysis, [...denied], bench)], columns, isHidden }
}

/** Columns that are not there and columns that are denied, in the same words. */
function columnReasons(analysis: Analysis, denied: readonly ColumnUse[], bench: Bench): Reason[] {
  // Where columns are hidden, a hint for one name and none for another would tell which exist.
  const hasHints = !bench.policy.rules.some((rule) => rule.columns.length > 0)
  const missing = analysis.missingColumns.map(({ name, span, candidates }, at) =>
    notAvailable('column', name, span, hasHints && at < mostHints ? nearestName(name, candidates) : null),
  )
  const named = denied.filter((use) => use.isNamed).map((use) => notAvailable('column', use.column, use.span, null))
  const stars = new Map(denied.filter((use) => !use.isNamed).map((use) => [use.span.start, starNotAvailable(use.span)]))
  return [...missing, ...named, ...stars.values()]
}

const noColumns: ReadonlySet<ColumnUse> = new Set()

/** Those a rule or the catalog keeps from this role; each thing is asked about once, however often it is used. */
function unreadable<Use>(uses: readonly Use[], keyOf: (use: Use) => string, isOpen: (use: Use) => boolean): Set<Use> {
  const known = new Map<string, boolean>()
  const isClosed = (use: Use): boolean => {
    const key = keyOf(use)
    const open = known.get(key) ?? isOpen(use)
    known.set(key, open)
    return !open
  }
  return new Set(uses.filter(isClosed))
}

const relationKey = (use: RelationUse): string => `${use.schema}\u0000${use.name}`
const columnKey = (use: ColumnUse): string => `${use.schema}\u0000${use.relation}\u0000${use.column}`

function isReadable(use: RelationUse, bench: Bench): boolean {
  const { policy, roles, index } = bench
  if (index !== null && use.relation === null) return false
  if (policy.rules.length === 0) return true
  if (!isAllowed(policy, roles, use, null)) return false
  if (index === null || use.relation === null) return true
  const family = index.familyOf(use.relation)
  if (family.some((relation) => isDenied(bench, relation, null))) return false
  const sources = bench.sourcesOf(use)
  if (sources.relations.some((source) => isDenied(bench, source, null))) return false
  return !sources.columns.some((source) => isDenied(bench, { schema: source.schema, name: source.relation }, source.column))
}

/** Whether a view stands on what this role may not name: a plan would tell its tables, its conditions and how many rows they take. */
function isOverHidden(use: RelationUse, { policy, roles, sourcesOf }: Bench): boolean {
  if (policy.rules.length === 0) return false
  const { relations, columns } = sourcesOf(use)
  return (
    relations.some((source) => !isAllowed(policy, roles, source, null)) ||
    columns.some((source) => !isAllowed(policy, roles, { schema: source.schema, name: source.relation }, source.column))
  )
}

/** Without a catalog a star, or a column without its table, may take in what a rule hides. */
function hasColumnRules(use: RelationUse, { policy, roles }: Bench): boolean {
  return policy.rules.some(
    (rule) =>
      rule.columns.length > 0 &&
      (rule.roles.length === 0 || rule.roles.some((role) => roles.includes(role))) &&
      rule.tables.some((pattern) => matchesRelation(pattern, use.schema, use.name)),
  )
}

/** What stands behind a name is held to deny rules only: letting a role read a view, but not its tables, is what views are for. */
function isDenied(bench: Bench, relation: { readonly schema: string; readonly name: string }, column: string | null): boolean {
  const denials = bench.policy.rules.filter((rule) => rule.effect === 'deny')
  return denials.length > 0 && !isAllowed({ ...bench.policy, rules: denials }, bench.roles, relation, column)
}

function isColumnReadable(use: ColumnUse, bench: Bench): boolean {
  const own = { schema: use.schema, name: use.relation }
  if (!isAllowed(bench.policy, bench.roles, own, use.column)) return false
  const relation = bench.index?.find(use.schema, use.relation) ?? null
  if (relation === null || bench.index === null) return true
  return !bench.index.familyOf(relation).some((member) => isDenied(bench, member, use.column))
}

/** Beyond the first few names that are missing nobody reads what could have been meant. */
const mostHints = 3

function nearestTable(name: string, bench: Bench): string | null {
  const visible = (bench.index?.catalog.relations ?? []).filter((relation) => isAllowed(bench.policy, bench.roles, relation, null))
  return nearestName(
    name,
    visible.map((relation) => relation.name).filter((candidate) => candidate !== name),
  )
}

/** Sorted, each once. Statements name few things, and for those this is several times as fast as a set and a sort. */
function unique(names: readonly string[]): string[] {
  const found: string[] = []
  for (const name of names) {
    let at = found.length
    while (at > 0 && (found[at - 1] ?? '') > name) at -= 1
    if (at > 0 && found[at - 1] === name) continue
    if (at === found.length) found.push(name)
    else found.splice(at, 0, name)
    if (found.length > 32) return [...new Set(names)].toSorted()
  }
  return found
}
