import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

/**
 * `bench/faults/run.ts [--runs 5] [--only redis,overload] [--show]`: each row of the reliability table that needs no cluster, promised against
 * seen, into bench/results/reliability.md. Each row is a bench of its own beside this file and keeps its result beside the
 * table; `--show` runs nothing and makes the table of what is kept. The last three take long and run only where `--only` names them.
 */
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '5' }, only: { type: 'string', default: '' }, show: { type: 'boolean', default: false } },
})

interface Row {
  readonly what: string
  readonly promised: string
  readonly seen: string
  /** null: too little was run to say. */
  readonly isKept: boolean | null
}

// The benches' own results, as they print them.
// oxlint-disable-next-line typescript/no-explicit-any
type Result = any

interface Bench {
  readonly name: string
  /** Its result in bench/results. */
  readonly kept: string
  readonly args: readonly string[]
  /** Takes half an hour or more: run only where it is named. */
  readonly isLong?: true
  rows(result: Result): readonly Row[]
}

const percent = (one: Result): string =>
  `p95 ${one.p95RisePercent >= 0 ? '+' : ''}${one.p95RisePercent} % (${one.p95RisePercentMin} to ${one.p95RisePercentMax}), ${one.failed} of ${one.asked} failed`

const benches: readonly Bench[] = [
  {
    name: 'redis',
    kept: 'redis',
    args: ['--runs', values.runs],
    rows: (result) =>
      ['frozen', 'killed', 'flushed'].map((how) => ({
        what: `Redis ${how}`,
        promised: 'everything works, p95 +< 20 %',
        seen: percent(result[how]),
        isKept: result[how].failed === 0 && result[how].p95RisePercent < 20,
      })),
  },
  {
    name: 'postgres-restart',
    kept: 'postgres-restart',
    args: ['--runs', values.runs],
    rows: (result) => [
      {
        what: 'PostgreSQL killed and started again',
        promised: 'writes resume <= 10 s; 0 acknowledged lost',
        seen: `resumed ${result.resumedAfterMs.most} ms after it was back at the latest; ${result.acknowledgedLost} of ${result.acknowledged} acknowledged lost; chain intact: ${result.chainIntact}`,
        isKept: result.resumedAfterMs.most <= 10_000 && result.acknowledgedLost === 0 && result.chainIntact,
      },
    ],
  },
  {
    name: 'model',
    kept: 'model-faults',
    args: ['--runs', values.runs],
    rows: (result) => [
      {
        what: 'model hangs, stalls, floods, gives garbage or 500',
        promised: 'clear error <= time-out + 1 s; direct SQL unaffected',
        seen: `longest ${result.longestMs} ms at a time-out of ${result.timeoutMs} ms; ${result.sqlFailed} statements by hand failed beside it`,
        isKept: result.longestMs <= result.timeoutMs + 1_000 && result.sqlFailed === 0,
      },
    ],
  },
  {
    name: 'replica-killed',
    kept: 'replica-killed',
    args: ['--runs', values.runs],
    rows: (result) => [
      {
        what: 'replica killed',
        promised: '<= 1 s of errors, none hangs',
        seen: `errors for ${result.errorsForMs} ms at most, ${result.hanging} hanging; chain intact: ${result.chainIntact}`,
        isKept: result.errorsForMs <= 1_000 && result.hanging === 0 && result.chainIntact,
      },
    ],
  },
  {
    name: 'rolling-upgrade',
    kept: 'rolling-upgrade',
    args: [],
    rows: (result) => [
      {
        what: 'upgrade over a migration, the version before and this one serving beside each other',
        promised: '0 failed, the chain stays whole',
        seen: `${result.failedOfOld} of ${result.askedOfOld} failed at the old server, ${result.failedOfNew} of ${result.askedOfNew} at the new one, over ${result.migrationsAdded.join(', ')}; chain intact: ${result.chainIntact}`,
        isKept: result.migrationsAdded.length === 0 ? null : result.failedOfOld + result.failedOfNew === 0 && result.chainIntact,
      },
    ],
  },
  {
    name: 'overload',
    kept: 'overload',
    args: ['--runs', values.runs],
    rows: (result) =>
      [result.cheap, result.dear].map((one: Result) => ({
        what: `ten times as many askers, ${one.what}`,
        promised: 'goodput >= 80 % of peak, refusals with Retry-After < 100 ms',
        seen: `goodput ${Math.round(one.goodputRatio * 100)} % (${Math.round(one.goodputRatioMin * 100)} to ${Math.round(one.goodputRatioMax * 100)}) of ${one.peakGoodputPerS}/s; ${one.refused} refused, p50 ${one.refusedAfterMs.p50} ms, p99 ${one.refusedAfterMs.p99} ms; ${one.other} other`,
        isKept: one.goodputRatio >= 0.8 && one.refusedAfterMs.p99 < 100 && one.refusedWithoutRetryAfter === 0 && one.other === 0,
      })),
  },
  {
    name: 'client-gone',
    kept: 'client-gone',
    args: ['--runs', String(Number(values.runs) * 4), '--cancels', String(Number(values.runs) * 400)],
    rows: (result) => [
      {
        what: 'client gone',
        promised: 'query stopped <= 1 s p99; 0 cancels hit another in 10,000',
        seen: `stopped after ${result.stoppedAfterMs.p99} ms p99 of ${result.stoppedAfterMs.runs}; ${result.othersHit} of ${result.othersAsked} others hit by ${result.cancels} cancels`,
        isKept: result.stoppedAfterMs.p99 > 1_000 || result.othersHit > 0 ? false : result.cancels < 10_000 ? null : true,
      },
    ],
  },
  {
    name: 'approvals',
    kept: 'approvals',
    args: ['--runs', String(Number(values.runs) * 24)],
    rows: (result) => [
      {
        what: '100 racing approvers; servers killed while they execute',
        promised: 'exactly one execution',
        seen: `${result.seen.executionsOf100Approvers} execution; ${result.seen.runTwice} of ${result.seen.runs} run twice, ${result.seen.toldWrongly} told wrongly`,
        isKept: result.seen.executionsOf100Approvers === 1 && result.seen.runTwice === 0 && result.seen.toldWrongly === 0,
      },
    ],
  },
  {
    name: 'record-crash',
    kept: 'record-crash',
    args: ['1000', '1', '600'],
    isLong: true,
    rows: (result) => {
      const wrong = result.broken + result.forgotten + result.unrecorded + result.twice + result.unended
      const of = `${result.forgotten} of ${result.acknowledged} acknowledged forgotten, ${result.unrecorded} of ${result.executed} executed unrecorded`
      return [
        {
          what: 'servers killed with -9, every other time the database too',
          promised: 'in 1,000 runs the chain stays whole, nothing is forgotten, unrecorded, ended twice or left open',
          seen: `${result.runs} runs, ${result.databaseKills} with the database: ${result.broken} broken, ${of}, ${result.twice} ended twice`,
          isKept: wrong > 0 ? false : result.runs < 1_000 ? null : true,
        },
      ]
    },
  },
  {
    name: 'two-tenants',
    kept: 'two-tenants',
    args: [],
    isLong: true,
    rows: ({ operations, seen }) => [
      {
        what: 'two tenants, each trying to reach the other',
        promised: '0 foreign rows in 1,000,000 operations',
        seen: `${seen.foreignRows} foreign rows, ${seen.rowsLost} lost in ${operations.store} statements on the store and ${operations.api} requests`,
        isKept: seen.foreignRows + seen.rowsLost > 0 ? false : operations.total < 1_000_000 ? null : true,
      },
    ],
  },
  {
    name: 'api-fuzz',
    kept: 'api-fuzz',
    args: [],
    isLong: true,
    rows: ({ seen, ...result }) => [
      {
        what: 'requests made from the OpenAPI document, as every role',
        promised: 'no answer of 5xx, none that the document does not describe',
        seen: `${seen.serverErrors} of 5xx among ${result.requests} requests to ${result.operations} operations in ${result.minutes} minutes; ${seen.roundsWithViolations} of ${result.rounds} rounds with violations`,
        isKept: seen.serverErrors + seen.roundsWithViolations === 0,
      },
    ],
  },
]

const folder = join(import.meta.dirname, '../results')
const wanted =
  values.only === '' ? benches.filter(({ isLong }) => isLong !== true) : benches.filter(({ name }) => values.only.split(',').includes(name))
if (!values.show)
  for (const bench of wanted) {
    console.error(`== ${bench.name}`)
    const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${bench.name}.ts`), ...bench.args, '--record'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    if (status !== 0) console.error(`${bench.name} ended with ${status}; the table has its last result`)
  }
const lines = benches.flatMap((bench) => {
  const file = join(folder, `${bench.kept}.json`)
  if (!existsSync(file)) return [`| ${bench.name} | | not run yet | | |`]
  const result: Result = JSON.parse(readFileSync(file, 'utf8'))
  const from = `[${result.date}, ${result.commit}](${bench.kept}.json)`
  return bench
    .rows(result)
    .map(
      (row) =>
        `| ${row.what} | ${row.promised} | ${row.seen} | ${row.isKept === null ? 'not shown' : row.isKept ? 'kept' : '**not kept**'} | ${from} |`,
    )
})
const text = `# Reliability, promised against seen

\`node scripts/start.mjs run bench/faults/run.ts\` runs what is below and writes this page. Clients, servers, PostgreSQL and Redis share one
machine; each result names its command, its commit, and how loaded the machine was (\`load\`, beside its number of CPUs): times seen on one
that is overloaded by others say little. What needs a cluster is in [cluster.md](cluster.md).

| what | promised | seen | | from |
|---|---|---|---|---|
${lines.join('\n')}
`
console.log(text)
writeFileSync(join(folder, 'reliability.md'), text)
