// Takes observations from every room; gives log lines, metrics and traces of them.
// The union in observation.ts is closed: a new thing to report is a new member there.
// Touches stdout and the configured exporters.
// Refuses the audit trail: what must be proven later goes to question/record.
export type { Observation, Observe, Span } from './observation.ts'
export { createObserver, type Observer, type ObserverOptions } from './observer.ts'
export type { Logger, LogLevel, LogSink } from './log.ts'
export { metricsTable, type MetricDefinition } from './metrics-table.ts'
export type { RequestStart, RequestTrace } from './request-trace.ts'
export type { TracingSettings } from './tracing-options.ts'
