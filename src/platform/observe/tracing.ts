import type { Span } from './observation.ts'
import type { RequestStart, RequestTrace } from './request-trace.ts'
import type { TracingOptions } from './tracing-options.ts'

export interface Tracing {
  readonly span: Span
  openRequest(start: RequestStart, proceed: (request: RequestTrace) => void): void
  ids(): Readonly<Record<string, string>>
  shutdown(): Promise<void>
}

/** OpenTelemetry costs time and memory to load, so only a configured collector brings it in. */
export async function openTracing(options: TracingOptions | null, version: string): Promise<Tracing> {
  if (options === null) return untraced
  const { Traces } = await import('./traces.ts')
  return new Traces(options, version)
}

const untraced: Tracing = {
  span: (_name, _attributes, work) => work(),
  openRequest: (_start, proceed) => proceed({ traceId: null, end: () => undefined }),
  ids: () => ({}),
  shutdown: async () => undefined,
}
