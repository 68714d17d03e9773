interface Series {
  readonly expr: string
  readonly legend: string
}

interface Panel {
  readonly title: string
  readonly what: string
  readonly unit: string
  readonly series: readonly Series[]
}

const release = 'namespace="$namespace"'
const rate = (metric: string, by: string, filter = ''): string => `sum by (${by}) (rate(${metric}{${release}${filter}}[$__rate_interval]))`
const quantile = (share: number, metric: string, filter = ''): string =>
  `histogram_quantile(${share}, sum by (le) (rate(${metric}_bucket{${release}${filter}}[$__rate_interval])))`
const quantiles = (metric: string, filter = ''): readonly Series[] =>
  [0.5, 0.95, 0.99].map((share) => ({ expr: quantile(share, metric, filter), legend: `p${share * 100}` }))

/** What an operator looks at, top left the most. */
const panels: readonly Panel[] = [
  {
    title: 'Answers by outcome',
    what: 'Refused and abstained are answers too; failed is what hurts.',
    unit: 'reqps',
    series: [{ expr: rate('aishell_answers_total', 'outcome'), legend: '{{outcome}}' }],
  },
  {
    title: 'Time to an answer',
    what: 'Of answers that came.',
    unit: 's',
    series: quantiles('aishell_answer_duration_seconds', ',outcome="answered"'),
  },
  {
    title: 'Requests by status',
    what: 'All of HTTP and MCP.',
    unit: 'reqps',
    series: [{ expr: rate('aishell_http_requests_total', 'status'), legend: '{{status}}' }],
  },
  {
    title: 'Database connections',
    what: 'Waiting means that questions queue.',
    unit: 'short',
    series: [
      { expr: `sum(aishell_leases_used{${release}})`, legend: 'in use' },
      { expr: `sum(aishell_leases_waiting{${release}})`, legend: 'waited for' },
    ],
  },
  {
    title: 'Verdicts of the guard',
    what: 'By decision.',
    unit: 'reqps',
    series: [{ expr: rate('aishell_verdicts_total', 'decision'), legend: '{{decision}}' }],
  },
  {
    title: 'Reasons of refusals',
    what: 'The ten most frequent.',
    unit: 'reqps',
    series: [{ expr: `topk(10, ${rate('aishell_verdict_reasons_total', 'code')})`, legend: '{{code}}' }],
  },
  { title: 'Time of a statement', what: 'From lease to last row.', unit: 's', series: quantiles('aishell_run_duration_seconds') },
  {
    title: 'Rows handed on',
    what: 'By dialect.',
    unit: 'short',
    series: [{ expr: rate('aishell_run_rows_total', 'dialect'), legend: '{{dialect}}' }],
  },
  {
    title: 'Model calls',
    what: 'By provider and outcome.',
    unit: 'reqps',
    series: [{ expr: rate('aishell_model_calls_total', 'provider, outcome'), legend: '{{provider}} {{outcome}}' }],
  },
  { title: 'Time of a model call', what: '', unit: 's', series: quantiles('aishell_model_call_duration_seconds') },
  {
    title: 'Tokens',
    what: 'Sent to and got from models.',
    unit: 'short',
    series: [{ expr: rate('aishell_model_tokens_total', 'provider, direction'), legend: '{{provider}} {{direction}}' }],
  },
  {
    title: 'Durable write of the record',
    what: 'Every answer waits for it.',
    unit: 's',
    series: quantiles('aishell_record_commit_duration_seconds'),
  },
  {
    title: 'Failures and lost intents',
    what: 'Should be empty.',
    unit: 'short',
    series: [
      { expr: `sum by (code) (increase(aishell_failures_total{${release}}[$__rate_interval]))`, legend: '{{code}}' },
      { expr: `sum(increase(aishell_intents_lost_total{${release}}[$__rate_interval]))`, legend: 'intents lost' },
    ],
  },
  {
    title: 'Credentials refused',
    what: 'By surface and reason.',
    unit: 'reqps',
    series: [{ expr: rate('aishell_credentials_refused_total', 'surface, code'), legend: '{{surface}} {{code}}' }],
  },
  {
    title: 'Requests beyond a limit a minute',
    what: 'By whose limit and of which routes.',
    unit: 'reqps',
    series: [{ expr: rate('aishell_rates_refused_total', 'holder, group'), legend: '{{holder}} {{group}}' }],
  },
  {
    title: 'Memory',
    what: 'Resident memory of each pod.',
    unit: 'bytes',
    series: [{ expr: `process_resident_memory_bytes{${release}}`, legend: '{{pod}}' }],
  },
  {
    title: 'CPU',
    what: 'Cores of each pod.',
    unit: 'short',
    series: [{ expr: `rate(process_cpu_seconds_total{${release}}[$__rate_interval])`, legend: '{{pod}}' }],
  },
  {
    title: 'Event loop lag',
    what: 'p99 of each pod.',
    unit: 's',
    series: [{ expr: `nodejs_eventloop_lag_p99_seconds{${release}}`, legend: '{{pod}}' }],
  },
  {
    title: 'Versions',
    what: 'Two for long: a rollout stopped halfway.',
    unit: 'short',
    series: [{ expr: `count by (version) (aishell_build_info{${release}})`, legend: '{{version}}' }],
  },
]

const datasource = { type: 'prometheus', uid: '${datasource}' }
const columns = 3
const size = { w: 24 / columns, h: 8 }

/** `files/dashboard.json`: the bare model, as Grafana's sidecar and its file provider want it. */
export function renderDashboard(): string {
  return `${JSON.stringify(model(), null, 2)}\n`
}

function model(): unknown {
  return {
    uid: 'aishell',
    title: 'AI-Shell',
    tags: ['aishell'],
    editable: true,
    schemaVersion: 39,
    version: 1,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Prometheus' },
        {
          name: 'namespace',
          type: 'query',
          label: 'Namespace',
          datasource,
          query: 'label_values(aishell_build_info, namespace)',
          refresh: 2,
          sort: 1,
        },
      ],
    },
    panels: panels.map(panelOf),
  }
}

function panelOf({ title, what, unit, series }: Panel, index: number): unknown {
  return {
    id: index + 1,
    type: 'timeseries',
    title,
    description: what,
    datasource,
    gridPos: { ...size, x: (index % columns) * size.w, y: Math.floor(index / columns) * size.h },
    fieldConfig: { defaults: { unit, min: 0, custom: { fillOpacity: 8, showPoints: 'never' } }, overrides: [] },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
    targets: series.map(({ expr, legend }, at) => ({ refId: String.fromCharCode(65 + at), datasource, expr, legendFormat: legend })),
  }
}
