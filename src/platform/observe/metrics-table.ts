/** One metric; `labels` are the only ones it may carry. Histograms of durations are in seconds. */
export interface MetricDefinition {
  readonly name: `aishell_${string}`
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  readonly buckets?: readonly number[]
}

const quick = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5] as const
const usual = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] as const

function counter<const Label extends string>(name: `aishell_${string}`, help: string, labels: readonly Label[]) {
  return { name, kind: 'counter', help, labels } as const
}

function gauge<const Label extends string>(name: `aishell_${string}`, help: string, labels: readonly Label[]) {
  return { name, kind: 'gauge', help, labels } as const
}

function histogram<const Label extends string>(
  name: `aishell_${string}`,
  help: string,
  labels: readonly Label[],
  buckets: readonly number[] = usual,
) {
  return { name, kind: 'histogram', help, labels, buckets } as const
}

/** Every metric of ours. Dashboards, alerts and docs/reference/metrics.md are held against it. */
export const metricsTable = {
  buildInfo: gauge('aishell_build_info', 'Always 1; the version is in the label.', ['version']),
  draining: gauge('aishell_draining', '1 while the server finishes what it has and takes nothing new.', []),
  requests: counter('aishell_http_requests_total', 'HTTP requests by route pattern and class of status.', ['method', 'route', 'status']),
  requestSeconds: histogram('aishell_http_request_duration_seconds', 'Time from request to the end of its response.', ['method', 'route']),
  credentialsRefused: counter('aishell_credentials_refused_total', 'Credentials that were not accepted.', ['surface', 'code']),
  passwordHashes: counter(
    'aishell_password_hashes_total',
    'argon2id computed, to check a password (also of accounts that are not there) or to set one.',
    ['work'],
  ),
  drafts: counter('aishell_drafts_total', 'Drafts by drafter and what came of them.', ['drafter', 'kind']),
  draftSeconds: histogram('aishell_draft_duration_seconds', 'Time to draft.', ['drafter']),
  verdicts: counter('aishell_verdicts_total', 'Verdicts of the guard.', ['decision', 'class', 'dialect']),
  verdictReasons: counter('aishell_verdict_reasons_total', 'Reasons the guard gave.', ['code']),
  guardSeconds: histogram('aishell_guard_duration_seconds', 'Time to judge a statement.', ['dialect'], quick),
  runs: counter('aishell_runs_total', 'Statements run; code is `ok` or that of the error.', ['dialect', 'code']),
  runSeconds: histogram('aishell_run_duration_seconds', 'Time from lease to last row.', ['dialect']),
  runRows: counter('aishell_run_rows_total', 'Rows handed on.', ['dialect']),
  runBytes: counter('aishell_run_bytes_total', 'Bytes of cells handed on.', ['dialect']),
  answers: counter('aishell_answers_total', 'Answers by how they ended.', ['outcome', 'drafter']),
  answerSeconds: histogram('aishell_answer_duration_seconds', 'Time from question to the end of its answer.', ['outcome']),
  approvals: counter('aishell_approvals_total', 'Requests for another person’s consent, by what became of them.', ['state']),
  leasesUsed: gauge('aishell_leases_used', 'Database connections on loan.', ['dialect']),
  leasesWaiting: gauge('aishell_leases_waiting', 'Questions that wait for a database connection.', ['dialect']),
  modelCalls: counter('aishell_model_calls_total', 'Calls of language models.', ['provider', 'outcome']),
  modelSeconds: histogram('aishell_model_call_duration_seconds', 'Time of one model call.', ['provider']),
  modelTokens: counter('aishell_model_tokens_total', 'Tokens sent to and got from models.', ['provider', 'direction']),
  recordLinks: counter('aishell_record_links_total', 'Links written to the record.', []),
  recordSeconds: histogram('aishell_record_commit_duration_seconds', 'Time of one durable write of the record.', []),
  redisUp: gauge('aishell_redis_up', '1 while Redis answers; absent where none is set.', ['kind']),
  leader: gauge(
    'aishell_leader',
    '1 on the server that does what is done once: lost intents, checkpoints, retention, approvals left over.',
    [],
  ),
  ratesRefused: counter('aishell_rates_refused_total', 'Requests beyond a limit a minute, by whose and of which routes.', [
    'holder',
    'group',
  ]),
  intentsLost: counter('aishell_intents_lost_total', 'Intents whose server went away before an outcome.', []),
  catalogReads: counter('aishell_catalog_reads_total', 'Catalogs read from databases.', ['dialect']),
  catalogSeconds: histogram('aishell_catalog_read_duration_seconds', 'Time to read a catalog.', ['dialect']),
  failures: counter('aishell_failures_total', 'Failures an operator should look at.', ['code']),
  warnings: counter('aishell_warnings_total', 'Warnings an operator should read.', ['code']),
} as const satisfies Readonly<Record<string, MetricDefinition>>
