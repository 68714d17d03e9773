import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Observation } from './observation.ts'
import { metricsTable } from './metrics-table.ts'
import { Series } from './series.ts'

type Table = typeof metricsTable
type Labels<Key extends keyof Table> = Readonly<Record<Table[Key]['labels'][number], string>>

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
/** Different values a label may take before the rest becomes `other`. */
const maxLabelValues = 200
const other = 'other'

/** The Prometheus side of observations: counts and times, never an id. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #series: Readonly<Record<keyof Table, Series>>
  readonly #seen = new Map<string, Set<string>>()

  constructor(version: string) {
    const series = Object.entries(metricsTable).map(([key, definition]) => [key, new Series(definition, this.#registry)])
    this.#series = Object.fromEntries(series) as Record<keyof Table, Series> // one per entry of the table
    collectDefaultMetrics({ register: this.#registry })
    this.#set('buildInfo', { version }, 1)
    this.#set('draining', {}, 0)
  }

  async text(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() }
  }

  close(): void {
    this.#registry.clear()
  }

  observe(observation: Observation): void {
    switch (observation.type) {
      case 'server-started':
      case 'server-stopped':
      case 'secret-reloaded':
        return
      case 'server-draining':
        return this.#set('draining', {}, 1)
      case 'warning':
        return this.#add('warnings', { code: observation.code })
      case 'failure':
        return this.#add('failures', { code: observation.code })
      case 'request-ended':
        return this.#requestEnded(observation)
      case 'credential-refused':
        return this.#add('credentialsRefused', { surface: observation.surface, code: observation.code })
      case 'draft-made':
        this.#add('drafts', { drafter: observation.drafter, kind: observation.kind })
        return this.#time('draftSeconds', { drafter: observation.drafter }, observation.elapsedMs)
      case 'verdict-reached':
        return this.#verdictReached(observation)
      case 'run-ended':
        return this.#runEnded(observation)
      case 'answer-ended':
        this.#add('answers', { outcome: observation.outcome, drafter: observation.drafter ?? 'none' })
        return this.#time('answerSeconds', { outcome: observation.outcome }, observation.elapsedMs)
      case 'approval-changed':
        return this.#add('approvals', { state: observation.state })
      case 'leases-changed':
        this.#set('leasesUsed', { dialect: observation.dialect }, observation.used)
        return this.#set('leasesWaiting', { dialect: observation.dialect }, observation.waiting)
      case 'model-called':
        return this.#modelCalled(observation)
      case 'record-committed':
        this.#add('recordLinks', {}, observation.entries)
        return this.#time('recordSeconds', {}, observation.elapsedMs)
      case 'redis-changed':
        return this.#set('redisUp', { kind: observation.kind }, observation.isUp ? 1 : 0)
      case 'leader-changed':
        return this.#set('leader', {}, observation.leads ? 1 : 0)
      case 'password-hashed':
        return this.#add('passwordHashes', { work: observation.work })
      case 'rate-refused':
        return this.#add('ratesRefused', { holder: observation.holder, group: observation.group })
      case 'intents-lost':
        return this.#add('intentsLost', {}, observation.count)
      case 'catalog-read':
        this.#add('catalogReads', { dialect: observation.dialect })
        return this.#time('catalogSeconds', { dialect: observation.dialect }, observation.elapsedMs)
      default:
        return neverCounted(observation)
    }
  }

  #requestEnded(observation: Extract<Observation, { type: 'request-ended' }>): void {
    const method = methods.has(observation.method) ? observation.method : other
    const { route, status, elapsedMs } = observation
    const statusClass = status >= 100 && status < 600 ? `${Math.floor(status / 100)}xx` : other
    this.#add('requests', { method, route, status: statusClass })
    this.#time('requestSeconds', { method, route }, elapsedMs)
  }

  #verdictReached(observation: Extract<Observation, { type: 'verdict-reached' }>): void {
    const { decision, dialect, elapsedMs } = observation
    this.#add('verdicts', { decision, class: observation.class, dialect })
    for (const code of new Set(observation.codes)) this.#add('verdictReasons', { code })
    this.#time('guardSeconds', { dialect }, elapsedMs)
  }

  #runEnded(observation: Extract<Observation, { type: 'run-ended' }>): void {
    const { dialect, rows, bytes, elapsedMs, code } = observation
    this.#add('runs', { dialect, code: code ?? 'ok' })
    this.#add('runRows', { dialect }, rows)
    this.#add('runBytes', { dialect }, bytes)
    this.#time('runSeconds', { dialect }, elapsedMs)
  }

  #modelCalled(observation: Extract<Observation, { type: 'model-called' }>): void {
    const { provider, outcome, inputTokens, outputTokens, elapsedMs } = observation
    this.#add('modelCalls', { provider, outcome })
    this.#add('modelTokens', { provider, direction: 'input' }, inputTokens)
    this.#add('modelTokens', { provider, direction: 'output' }, outputTokens)
    this.#time('modelSeconds', { provider }, elapsedMs)
  }

  #add<Key extends keyof Table>(key: Key, labels: Labels<Key>, by = 1): void {
    if (by >= 0) this.#cell(key, labels).value += by
  }

  #set<Key extends keyof Table>(key: Key, labels: Labels<Key>, value: number): void {
    this.#cell(key, labels).value = value
  }

  #time<Key extends keyof Table>(key: Key, labels: Labels<Key>, elapsedMs: number): void {
    this.#series[key].observe(this.#cell(key, labels), elapsedMs / 1000)
  }

  #cell<Key extends keyof Table>(key: Key, labels: Labels<Key>) {
    const series = this.#series[key]
    return series.latest(labels) ?? series.lastly(labels, series.find(placeOf(labels)) ?? this.#boundedCell(key, labels))
  }

  #boundedCell<Key extends keyof Table>(key: Key, labels: Labels<Key>) {
    const bounded = this.#bound(key, labels)
    return this.#series[key].cell(placeOf(bounded), bounded)
  }

  /** However wild a label's values get, a metric stays small: what comes late, or is long, is counted as `other`. */
  #bound<Key extends keyof Table>(key: Key, labels: Labels<Key>): Readonly<Record<string, string>> {
    const bounded = Object.entries<string>(labels).map(([label, value]) => [label, this.#admit(`${key}.${label}`, value)] as const)
    return Object.fromEntries(bounded)
  }

  #admit(place: string, value: string): string {
    const seen = this.#seen.get(place) ?? new Set()
    this.#seen.set(place, seen)
    if (value.length <= 100 && seen.size < maxLabelValues) seen.add(value)
    return seen.has(value) ? value : other
  }
}

/** Labels of one metric always come in one order. */
function placeOf(labels: Readonly<Record<string, string>>): string {
  let place = ''
  for (const label in labels) place += `${labels[label]}\n`
  return place
}

function neverCounted(_observation: never): void {}
