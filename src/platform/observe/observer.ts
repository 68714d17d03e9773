import type { Secret } from '../../domain/index.ts'
import { createLogs, logObservation, type Logger, type LogLevel, type LogSink } from './log.ts'
import { Metrics } from './metrics.ts'
import type { Observe, Span } from './observation.ts'
import type { RequestStart, RequestTrace } from './request-trace.ts'
import { openTracing } from './tracing.ts'
import { tracingOptions, type TracingSettings } from './tracing-options.ts'

export interface ObserverOptions {
  readonly version: string
  readonly level: LogLevel
  /** A file's path (made with its folder), a sink, or standard output when absent. */
  readonly destination?: string | LogSink
  /** null: nothing is traced. */
  readonly tracing: TracingSettings | null
  /** Values no log line may carry even by mistake. */
  readonly secrets?: readonly Secret[]
}

export interface Observer {
  readonly observe: Observe
  readonly span: Span
  /** For the HTTP framework's own lines; same level, same redaction. */
  readonly logger: Logger
  /** Opens the span of one incoming request; whatever `proceed` starts belongs to it. */
  openRequest(start: RequestStart, proceed: (request: RequestTrace) => void): void
  /** Prometheus' text format. */
  metricsText(): Promise<{ readonly contentType: string; readonly body: string }>
  /** Sends traces that are left; nothing may be observed after it. */
  shutdown(): Promise<void>
}

/** Log, metrics and traces behind one function; each of the three interprets every observation. */
export async function createObserver(options: ObserverOptions): Promise<Observer> {
  const tracing = await openTracing(options.tracing === null ? null : tracingOptions(options.tracing), options.version)
  const metrics = new Metrics(options.version)
  const logs = createLogs({
    level: options.level,
    version: options.version,
    ...(options.destination === undefined ? {} : { destination: options.destination }),
    secrets: options.secrets ?? [],
    context: () => tracing.ids(),
  })
  return {
    observe: (observation) => {
      metrics.observe(observation)
      logObservation(logs.own, observation)
    },
    span: (name, attributes, work) => tracing.span(name, attributes, work),
    logger: logs.framework,
    openRequest: (start, proceed) => tracing.openRequest(start, proceed),
    metricsText: () => metrics.text(),
    shutdown: async () => {
      await tracing.shutdown()
      metrics.close()
    },
  }
}
