import { sealStatement } from '../../domain/approved-statement.ts'
import { unreadable, type Analysis, type RelationUse } from './analysis.ts'
import { indexOf, type CatalogIndex } from './catalog-index.ts'
import type { Guard, GuardContext, Guarded, GuardSubject } from './guard.ts'
import { judge } from './judge.ts'
import { analysePostgres } from './postgres/analyse.ts'
import { openGrammar } from './postgres/parse.ts'
import { createSqliteAnalyser, type SqliteAnalyser } from './sqlite/index.ts'
import { VerdictCache } from './verdict-cache.ts'
import { noSources, sourcesOfView, type ViewSources } from './view-sources.ts'

interface Judged {
  readonly verdict: Guarded['verdict']
  readonly statement: Analysis['statement']
}

/** Opens the guard: grammars load on first use, the SQLite witness when the first SQLite statement comes. */
export function createGuard(options: { readonly cachedVerdicts?: number } = {}): Guard {
  const cache = new VerdictCache<Judged>(options.cachedVerdicts ?? 2_000)
  let sqlite: SqliteAnalyser | null = null
  const analyse = async (subject: GuardSubject, context: GuardContext, index: CatalogIndex | null): Promise<Analysis> => {
    if (context.dialect === 'sqlite') {
      sqlite ??= createSqliteAnalyser()
      return await sqlite.analyse(subject.sql, { index, paramCount: subject.params.length })
    }
    await openGrammar()
    const safeFunctions = new Set(context.policy.safeFunctions)
    return analysePostgres(subject.sql, { index, safeFunctions, paramCount: subject.params.length, isLenient: false })
  }
  return {
    guard: async (subject, context) => {
      const key = cacheKey(subject, context)
      const judged = cache.get(key) ?? (await judgeAnew(subject, context, analyse))
      cache.set(key, judged)
      return { verdict: judged.verdict, approved: seal(subject, context, judged) }
    },
    close: async () => await sqlite?.close(),
  }
}

async function judgeAnew(
  subject: GuardSubject,
  context: GuardContext,
  analyse: (subject: GuardSubject, context: GuardContext, index: CatalogIndex | null) => Promise<Analysis>,
): Promise<Judged> {
  const index = context.catalog === null ? null : indexOf(context.catalog)
  const weigh = (analysis: Analysis): Judged => ({
    verdict: judge(analysis, {
      index,
      policy: context.policy,
      role: context.role,
      sourcesOf: (use) => sources(use, analysis, context, index),
    }),
    statement: analysis.statement,
  })
  try {
    return weigh(await analyse(subject, context, index))
  } catch {
    return weigh(unreadable(crashed, subject.sql)) // hostile text may run a parser or a walk out of stack
  }
}

const crashed = {
  code: 'guard.unreadable',
  message: 'The statement could not be judged, so it is refused.',
  hint: 'Write it more simply.',
} as const

function sources(use: RelationUse, analysis: Analysis, context: GuardContext, index: CatalogIndex | null): ViewSources {
  if (use.relation === null) return noSources
  if (context.dialect === 'sqlite') {
    if (use.relation.kind !== 'view' || analysis.behindViews === undefined) return noSources
    return { ...analysis.behindViews, isKnown: use.relation.definition !== null }
  }
  const safeFunctions = new Set(context.policy.safeFunctions)
  return sourcesOfView(use.relation, {
    key: [...safeFunctions].join('\u0000'),
    analyse: (definition) => analysePostgres(definition, { index, safeFunctions, paramCount: null, isLenient: true }),
  })
}

/** The limits are not part of it: they change the seal, not the verdict. */
function cacheKey(subject: GuardSubject, context: GuardContext): string {
  const { catalog, dialect, policy, role, connectionId } = context
  return JSON.stringify([connectionId, dialect, catalog?.version ?? null, policy.version, role, subject.params.length, subject.sql])
}

function seal(subject: GuardSubject, context: GuardContext, judged: Judged): Guarded['approved'] {
  if (judged.verdict.decision !== 'allow' || context.catalog === null) return null
  const { start, end } = judged.statement
  return sealStatement({
    sql: start === 0 && end === Buffer.byteLength(subject.sql) ? subject.sql : Buffer.from(subject.sql).subarray(start, end).toString(),
    params: subject.params,
    class: judged.verdict.class,
    access: 'read',
    connectionId: context.connectionId,
    catalogVersion: context.catalog.version,
    policyVersion: context.policy.version,
    limits: context.limits,
  })
}
