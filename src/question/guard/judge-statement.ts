import type { Analyser, AnalyseOptions } from './analyser.ts'
import { unreadable, type Analysis } from './analysis.ts'
import { indexOf } from './catalog-index.ts'
import type { GuardContext, Guarded, GuardSubject } from './guard.ts'
import { judge } from './judge.ts'

/** A verdict and the part of the text it is on. Plain data: it is remembered, and limits do not change it. */
export interface Judged {
  readonly verdict: Guarded['verdict']
  readonly statement: Analysis['statement']
}

/** Analyses and judges one statement; what an analyser throws at is refused. */
export function judgeStatement(subject: GuardSubject, context: GuardContext, analyser: Analyser): Judged | Promise<Judged> {
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
      sourcesOf: (use) => analyser.sourcesOf(use, analysis, options),
    }),
    statement: analysis.statement,
  })
  const refuse = (): Judged => weigh(unreadable(crashed, subject.sql))
  try {
    const analysis = analyser.analyse(subject.sql, options)
    return analysis instanceof Promise ? analysis.then(weigh).catch(refuse) : weigh(analysis)
  } catch {
    return refuse() // hostile text may run a parser or a walk out of stack
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
