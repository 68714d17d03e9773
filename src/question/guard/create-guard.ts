import { sealStatement } from '../../domain/approved-statement.ts'
import { andThen, type ApprovedFields, type Awaitable, type Reason, type Verdict } from '../../domain/index.ts'
import { Analysers } from './analysers.ts'
import { approvable, approvalVoid, isGranted } from './approvable.ts'
import { inlineEffort } from './effort.ts'
import type { Guard, GuardContext, Guarded, GuardSubject } from './guard.ts'
import { hoursReason } from './hours.ts'
import { judgeStatement, type Judged } from './judge-statement.ts'
import { maskedText } from './mask/bind-masks.ts'
import { numberShape } from './number-shape.ts'
import { JudgePool } from './thread/judge-pool.ts'
import { VerdictCache } from './verdict-cache.ts'

/** Opens the guard: each dialect's grammar loads with the first statement of that dialect. */
export function createGuard(options: { readonly cachedVerdicts?: number } = {}): Guard {
  const cache = new VerdictCache<Judged>(options.cachedVerdicts ?? 2_000)
  const analysers = new Analysers(inlineEffort)
  const pool = new JudgePool()
  const keyOf = cacheKeys()
  const judgeAnew = (subject: GuardSubject, context: GuardContext): Awaitable<Judged> =>
    andThen(analysers.of(context.dialect), (analyser) =>
      andThen(judgeStatement(subject, context, analyser), (judged) => judged ?? pool.judge(subject, context)),
    )
  const judgedOf = (subject: GuardSubject, context: GuardContext): Awaitable<Judged> => {
    const shape = context.dialect === 'postgres' ? numberShape(subject.sql) : null
    const base = keyOf(subject, context)
    const shapeKey = shape === null ? null : `${base}shape ${shape}`
    const alike = shapeKey === null ? undefined : cache.get(shapeKey)
    if (alike !== undefined) return { ...alike, statement: { start: 0, end: subject.sql.length } } // shapes are of ASCII alone
    const key = `${base}text ${subject.sql}`
    return andThen(cache.get(key) ?? judgeAnew(subject, context), (judged) => {
      cache.set(shapeKey !== null && isOfShape(judged, subject) ? shapeKey : key, judged)
      return judged
    })
  }
  const textOf = (subject: GuardSubject, context: GuardContext, judged: Judged): Awaitable<SealedText | null> => {
    const { masked } = judged
    if (masked === null) return writtenText(subject, judged)
    return andThen(analysers.of(context.dialect), (analyser) => maskedText(masked, subject, context, analyser))
  }
  return {
    guard: (subject, context) =>
      andThen(judgedOf(subject, context), (judged) => {
        const untimely = hoursReason(context.policy, context.now)
        if (untimely !== null) return { verdict: refused(judged.verdict, untimely), approved: null, approvable: null }
        return andThen(textOf(subject, context, judged), (text) =>
          guarded(judged.verdict, text === null ? null : fieldsOf(text, context, judged), context),
        )
      }),
    close: async () => {
      await Promise.all([analysers.close(), pool.close()])
    },
  }
}

function refused(verdict: Verdict, reason: Reason): Verdict {
  return { ...verdict, decision: 'refuse', reasons: [...verdict.reasons, reason] }
}

/** Only what is let through without a word: reasons point at places in the text, and spliced text holds its numbers. */
function isOfShape({ verdict, statement, masked }: Judged, { sql }: GuardSubject): boolean {
  return (
    verdict.decision === 'allow' && verdict.reasons.length === 0 && masked === null && statement.start === 0 && statement.end === sql.length
  )
}

type Circumstances = Pick<GuardContext, 'catalog' | 'dialect' | 'policy' | 'roles' | 'connectionId'>

/** Neither the limits nor who asks are part of it: they change the seal, not the verdict. */
function cacheKeys(): (subject: GuardSubject, context: GuardContext) => string {
  let latest: { readonly of: Circumstances; readonly text: string } | null = null
  return (subject, context) => {
    if (latest === null || !isSame(latest.of, context)) latest = { of: context, text: circumstances(context) }
    return `${latest.text}${context.isExplained ? ' explained' : ''} ${subject.params?.length ?? '-'} `
  }
}

/** The very same objects: nothing in them is ever changed. */
function isSame(known: Circumstances, { catalog, dialect, policy, roles, connectionId }: Circumstances): boolean {
  return (
    known.catalog === catalog &&
    known.policy === policy &&
    known.roles === roles &&
    known.connectionId === connectionId &&
    known.dialect === dialect
  )
}

function circumstances({ catalog, dialect, policy, roles, connectionId }: Circumstances): string {
  return JSON.stringify([connectionId, dialect, catalog?.version ?? null, policy.version, roles])
}

type SealedText = Pick<ApprovedFields, 'sql' | 'params' | 'isSpliced' | 'overlay'>

function writtenText({ sql, params }: GuardSubject, { statement: { start, end } }: Judged): SealedText | null {
  if (params === null) return null
  return { sql: start === 0 && end === Buffer.byteLength(sql) ? sql : Buffer.from(sql).subarray(start, end).toString(), params }
}

/** The seal, where the verdict gives one; what a person may approve, where it wants one. */
function guarded(verdict: Verdict, fields: ApprovedFields | null, { approval = null }: GuardContext): Guarded {
  if (fields === null || verdict.decision === 'refuse') return { verdict, approved: null, approvable: null }
  if (verdict.decision === 'allow') return { verdict, approved: sealStatement(fields), approvable: null }
  const statement = approvable(fields)
  if (approval === null) return { verdict, approved: null, approvable: statement }
  if (!isGranted(approval, statement)) return { verdict: refused(verdict, approvalVoid), approved: null, approvable: null }
  return { verdict, approved: sealStatement(fields), approvable: statement }
}

function fieldsOf(text: SealedText, context: GuardContext, judged: Judged): ApprovedFields | null {
  if (context.catalog === null) return null
  return {
    ...text,
    class: judged.verdict.class,
    access: judged.verdict.class === 'write' ? 'write' : 'read',
    connectionId: context.connectionId,
    catalogVersion: context.catalog.version,
    policyVersion: context.policy.version,
    limits: context.limits,
  }
}
