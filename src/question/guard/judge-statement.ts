import { andThen, type Awaitable } from '../../domain/index.ts'
import type { Analyser, AnalyseOptions } from './analyser.ts'
import { unreadable, type Analysis } from './analysis.ts'
import { indexOf } from './catalog-index.ts'
import { TooMuchWork } from './effort.ts'
import type { GuardContext, Guarded, GuardSubject } from './guard.ts'
import { judge } from './judge.ts'
import { applyMasks, hasMasks } from './mask/apply-masks.ts'
import type { MaskedText } from './mask/masked-text.ts'

/** A verdict and the part of the text it is on. Plain data: it is remembered, and limits do not change it. */
export interface Judged {
  readonly verdict: Guarded['verdict']
  readonly statement: Analysis['statement']
  /** What runs in place of what was written; null: the statement itself. */
  readonly masked: MaskedText | null
}

/** Analyses and judges one statement; what an analyser throws at is refused. null: it is too much work for here. */
export function judgeStatement(subject: GuardSubject, context: GuardContext, analyser: Analyser): Awaitable<Judged | null> {
  const index = context.catalog === null ? null : indexOf(context.catalog)
  const options: AnalyseOptions = {
    index,
    safeFunctions: safeNames(context.policy.safeFunctions),
    paramCount: subject.params?.length ?? null,
  }
  const weigh = (analysis: Analysis): Judged => ({
    verdict: judge(analysis, {
      index,
      policy: context.policy,
      roles: context.roles,
      isExplained: analysis.isExplain === true || context.isExplained === true,
      sourcesOf: (use) => analyser.sourcesOf(use, analysis, options),
    }),
    statement: analysis.statement,
    masked: null,
  })
  const weighMasked = async (analysis: Analysis): Promise<Judged> => {
    const judged = weigh(analysis)
    return { ...judged, ...(await applyMasks(judged.verdict, analysis, { subject, context, analyser, options })) }
  }
  const weighAll = hasMasks(context) ? weighMasked : weigh
  // Hostile text may run a parser or a walk out of stack.
  const refuse = (error: unknown): Judged | null => (error instanceof TooMuchWork ? null : weigh(unreadable(crashed, subject.sql)))
  try {
    const judged = andThen(analyser.analyse(subject.sql, options), weighAll)
    return judged instanceof Promise ? judged.catch(refuse) : judged
  } catch (error) {
    return refuse(error)
  }
}

const crashed = {
  code: 'guard.unreadable',
  message: 'The statement could not be judged, so it is refused.',
  hint: 'Write it more simply.',
} as const

const safeSets = new WeakMap<readonly string[], ReadonlySet<string>>()

/** One set per policy object: policies live long, statements do not. */
function safeNames(functions: readonly string[]): ReadonlySet<string> {
  const known = safeSets.get(functions)
  if (known !== undefined) return known
  const made = new Set(functions)
  safeSets.set(functions, made)
  return made
}
