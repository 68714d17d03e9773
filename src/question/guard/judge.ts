import { isAllowed, type Decision, type Policy, type Reason, type Role, type Span, type Verdict } from '../../domain/index.ts'
import type { Analysis, RelationUse } from './analysis.ts'
import type { CatalogIndex } from './catalog-index.ts'
import { nearestName } from './nearest-name.ts'
import type { ViewSources } from './view-sources.ts'

export interface Bench {
  readonly index: CatalogIndex | null
  readonly policy: Policy
  readonly role: Role
  /** What a view reads, all the way down. */
  readonly sourcesOf: (use: RelationUse) => ViewSources
}

/** The verdict on an analysed statement: problems first, then class, then table and column rules. */
export function judge(analysis: Analysis, bench: Bench): Verdict {
  const reasons: Reason[] = [...analysis.problems]
  if (bench.policy.isFrozen) reasons.push(frozen)
  const ruled = [...judgeRelations(analysis, bench), ...judgeColumns(analysis, bench)]
  reasons.push(...ruled)
  const decision = decide(analysis, bench, reasons)
  return {
    decision,
    class: analysis.class,
    reasons,
    tables: unique(analysis.relations.map((use) => `${use.schema}.${use.name}`)),
    columns: unique(analysis.columns.map((use) => `${use.schema}.${use.relation}.${use.column}`)),
    functions: unique(analysis.functions),
  }
}

function decide(analysis: Analysis, bench: Bench, reasons: Reason[]): Decision {
  if (analysis.class === 'read') return reasons.length === 0 ? 'allow' : 'refuse'
  const span = analysis.statement
  if (analysis.class !== 'write') {
    reasons.push({ ...classReasons[analysis.class], span })
    return 'refuse'
  }
  if (!bench.policy.writers.includes(bench.role)) {
    reasons.push({ ...classReasons.write, span })
    return 'refuse'
  }
  if (reasons.length > 0) return 'refuse'
  reasons.push({
    code: 'guard.write-needs-approval',
    message: 'This changes data: another person must approve it.',
    span,
    hint: 'Ask for an approval.',
  })
  return 'confirm'
}

const frozen: Reason = {
  code: 'guard.frozen',
  message: 'This connection is frozen: nothing runs on it.',
  hint: 'An editor can thaw it in its policy.',
}

const classReasons = {
  write: {
    code: 'guard.write-denied',
    message: 'This changes data, which the policy of this connection does not let your role do.',
    hint: 'Ask a question that only reads.',
  },
  ddl: {
    code: 'guard.ddl-denied',
    message: 'This changes the structure of the database, which AI-Shell never does.',
    hint: 'Ask whoever looks after the database.',
  },
  admin: {
    code: 'guard.admin-denied',
    message: 'This steers the server or the session, which AI-Shell never does.',
    hint: 'Ask whoever looks after the database.',
  },
  unknown: {
    code: 'guard.unknown-effect',
    message: 'What this statement does cannot be told from its text, so it is refused.',
    hint: 'Write it as a plain SELECT.',
  },
} as const

/** A denied name and a name that does not exist look alike: a refusal must not tell what there is. */
export function notAvailable(kind: 'table' | 'column', name: string, span: Span, near: string | null): Reason {
  return {
    code: `guard.${kind}-not-available`,
    message: `There is no ${kind} “${name}” here, or you may not read it.`,
    span,
    hint: near === null ? `Look at what there is with \\d, or browse the catalog.` : `Did you mean “${near}”?`,
  }
}

function judgeRelations(analysis: Analysis, bench: Bench): Reason[] {
  return analysis.relations
    .filter((use) => !isReadable(use, bench))
    .map((use) => notAvailable('table', use.name, use.span, nearestTable(use.name, bench)))
}

function isReadable(use: RelationUse, bench: Bench): boolean {
  const { policy, role, index } = bench
  if (!isAllowed(policy, role, use, null)) return false
  if (use.relation === null || index === null) return true
  const family = index.familyOf(use.relation)
  if (family.some((relation) => isDenied(bench, relation, null))) return false
  const sources = bench.sourcesOf(use)
  if (sources.relations.some((source) => isDenied(bench, source, null))) return false
  return !sources.columns.some((source) => isDenied(bench, { schema: source.schema, name: source.relation }, source.column))
}

/** What stands behind a name is held to deny rules only: letting a role read a view, but not its tables, is what views are for. */
function isDenied(bench: Bench, relation: { readonly schema: string; readonly name: string }, column: string | null): boolean {
  const denials = bench.policy.rules.filter((rule) => rule.effect === 'deny')
  return denials.length > 0 && !isAllowed({ ...bench.policy, rules: denials }, bench.role, relation, column)
}

function judgeColumns(analysis: Analysis, bench: Bench): Reason[] {
  if (bench.policy.rules.length === 0) return []
  const denied = analysis.columns.filter((use) => !isColumnReadable(use, bench))
  return denied.map((use) => notAvailable('column', use.column, use.span, null))
}

function isColumnReadable(use: Analysis['columns'][number], bench: Bench): boolean {
  const own = { schema: use.schema, name: use.relation }
  if (!isAllowed(bench.policy, bench.role, own, use.column)) return false
  const relation = bench.index?.find(use.schema, use.relation) ?? null
  if (relation === null || bench.index === null) return true
  return !bench.index.familyOf(relation).some((member) => isDenied(bench, member, use.column))
}

function nearestTable(name: string, bench: Bench): string | null {
  const visible = (bench.index?.catalog.relations ?? []).filter((relation) => isAllowed(bench.policy, bench.role, relation, null))
  return nearestName(
    name,
    visible.map((relation) => relation.name),
  )
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted()
}
