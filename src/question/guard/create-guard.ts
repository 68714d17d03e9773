import { sealStatement } from '../../domain/approved-statement.ts'
import type { Reason, Verdict } from '../../domain/index.ts'
import { Analysers } from './analysers.ts'
import type { Guard, GuardContext, Guarded, GuardSubject } from './guard.ts'
import { hoursReason } from './hours.ts'
import { judgeStatement, type Judged } from './judge-statement.ts'
import { VerdictCache } from './verdict-cache.ts'

/** Opens the guard: each dialect's grammar loads with the first statement of that dialect. */
export function createGuard(options: { readonly cachedVerdicts?: number } = {}): Guard {
  const cache = new VerdictCache<Judged>(options.cachedVerdicts ?? 2_000)
  const analysers = new Analysers()
  return {
    guard: async (subject, context) => {
      const key = cacheKey(subject, context)
      const judged = cache.get(key) ?? (await judgeStatement(subject, context, await analysers.of(context.dialect)))
      cache.set(key, judged)
      const untimely = hoursReason(context.policy, context.now)
      if (untimely !== null) return { verdict: refused(judged.verdict, untimely), approved: null }
      return { verdict: judged.verdict, approved: seal(subject, context, judged) }
    },
    close: () => analysers.close(),
  }
}

function refused(verdict: Verdict, reason: Reason): Verdict {
  return { ...verdict, decision: 'refuse', reasons: [...verdict.reasons, reason] }
}

/** The limits are not part of it: they change the seal, not the verdict. */
function cacheKey(subject: GuardSubject, context: GuardContext): string {
  const { catalog, dialect, policy, roles, connectionId } = context
  const params = subject.params?.length ?? null
  return JSON.stringify([connectionId, dialect, catalog?.version ?? null, policy.version, roles, params, subject.sql])
}

function seal(subject: GuardSubject, context: GuardContext, judged: Judged): Guarded['approved'] {
  if (judged.verdict.decision !== 'allow' || context.catalog === null || subject.params === null) return null
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
