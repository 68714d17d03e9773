import type { Metric, Registry } from 'prom-client'
import type { MetricDefinition } from './metrics-table.ts'

/** One metric under one set of labels. */
interface Cell {
  readonly labels: Readonly<Record<string, string>>
  /** The sum of what was observed, where it is a histogram. */
  value: number
  /** Of a histogram: observations per bucket, the last without a bound. */
  readonly buckets: number[]
}

interface Value {
  readonly metricName: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

/**
 * The values of one metric. A dozen of them change with every question, so a change is one look-up and one sum; the
 * registry, which spells them, asks for all when somebody scrapes.
 */
export class Series {
  readonly #definition: MetricDefinition
  readonly #cells = new Map<string, Cell>()
  readonly #bounds: readonly number[]
  #last: { readonly asked: Cell['labels']; readonly cell: Cell } | null = null

  constructor(definition: MetricDefinition, registry: Registry) {
    this.#definition = definition
    this.#bounds = definition.buckets ?? []
    if (definition.labels.length === 0) this.cell('', {}) // shown as 0 before anything is counted
    const { name } = definition
    registry.registerMetric({ name, get: async () => this.#described() } as unknown as Metric) // what the registry asks of a metric
  }

  /** The cell that was used last, where these labels are the ones it was used for: most changes are like the one before. */
  latest(labels: Cell['labels']): Cell | null {
    if (this.#last === null) return null
    const { asked, cell } = this.#last
    for (const label in labels) if (labels[label] !== asked[label]) return null
    return cell
  }

  /** Labels of one metric always have the same names. */
  lastly(asked: Cell['labels'], cell: Cell): Cell {
    this.#last = { asked, cell }
    return cell
  }

  find(key: string): Cell | undefined {
    return this.#cells.get(key)
  }

  /** The one of these labels, new where there is none; the key tells them from all others. */
  cell(key: string, labels: Cell['labels']): Cell {
    const known = this.find(key)
    if (known !== undefined) return known
    const buckets = this.#definition.kind === 'histogram' ? new Array<number>(this.#bounds.length + 1).fill(0) : []
    const fresh: Cell = { labels, value: 0, buckets }
    this.#cells.set(key, fresh)
    return fresh
  }

  observe(cell: Cell, value: number): void {
    let at = 0
    while (at < this.#bounds.length && value > (this.#bounds[at] as number)) at += 1 // in range
    cell.buckets[at] = (cell.buckets[at] ?? 0) + 1
    cell.value += value
  }

  #described() {
    const { name, help, kind } = this.#definition
    const cells = [...this.#cells.values()]
    const values = cells.flatMap((cell): Value[] =>
      kind === 'histogram' ? this.#histogram(cell) : [{ metricName: name, labels: cell.labels, value: cell.value }],
    )
    return { name, help, type: kind, aggregator: 'sum', values }
  }

  #histogram({ labels, value, buckets }: Cell): Value[] {
    const { name } = this.#definition
    let count = 0
    const counted = buckets.map((inBucket, at): Value => {
      count += inBucket
      return { metricName: `${name}_bucket`, labels: { le: this.#bounds[at] ?? '+Inf', ...labels }, value: count }
    })
    return [...counted, { metricName: `${name}_sum`, labels, value }, { metricName: `${name}_count`, labels, value: count }]
  }
}
