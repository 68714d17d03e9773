import { AsyncLocalStorage } from 'node:async_hooks'
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Context, type Span as OpenSpan } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, NodeTracerProvider, ParentBasedSampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace-node'
import { isShellError } from '../../domain/index.ts'
import type { Span } from './observation.ts'
import { parseTraceparent } from './traceparent.ts'
import type { RequestStart, RequestTrace } from './request-trace.ts'
import type { TracingOptions } from './tracing-options.ts'

/** Traces over OTLP. Keeps its own context instead of OpenTelemetry's global one, so that two servers in a process stay apart. */
export class Traces {
  readonly #context = new AsyncLocalStorage<Context>()
  readonly #provider: NodeTracerProvider
  readonly #tracer

  constructor(options: TracingOptions, version: string) {
    const exporter = new OTLPTraceExporter({ url: options.url, headers: async () => ({ ...options.headers() }), timeoutMillis: 5_000 })
    this.#provider = new NodeTracerProvider({
      resource: resourceFromAttributes({ ...options.attributes, 'service.name': options.serviceName, 'service.version': version }),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.sampleRatio) }),
      spanProcessors: [new BatchSpanProcessor(exporter, { maxQueueSize: 2_048, scheduledDelayMillis: 2_000, exportTimeoutMillis: 5_000 })],
    })
    this.#tracer = this.#provider.getTracer('aishell', version)
  }

  readonly span: Span = async (name, attributes, work) => {
    const parent = this.#context.getStore() ?? ROOT_CONTEXT
    const span = this.#tracer.startSpan(name, { attributes: { ...attributes } }, parent)
    try {
      return await this.#context.run(trace.setSpan(parent, span), work)
    } catch (error) {
      markFailed(span, error)
      throw error
    } finally {
      span.end()
    }
  }

  openRequest(start: RequestStart, proceed: (request: RequestTrace) => void): void {
    const remote = parseTraceparent(start.traceparent)
    const parent = remote === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...remote, isRemote: true })
    const span = this.#tracer.startSpan('request', { kind: SpanKind.SERVER, attributes: { 'http.request.method': start.method } }, parent)
    const request: RequestTrace = {
      traceId: span.spanContext().traceId,
      end: (route, status) => {
        span.setAttributes({ 'http.route': route, 'http.response.status_code': status })
        if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
        span.end()
      },
    }
    this.#context.run(trace.setSpan(parent, span), () => proceed(request))
  }

  /** The trace a log line belongs to. */
  ids(): Readonly<Record<string, string>> {
    const context = this.#context.getStore()
    const span = context === undefined ? undefined : trace.getSpanContext(context)
    return span === undefined ? {} : { traceId: span.traceId, spanId: span.spanId }
  }

  /** Sends what is left. A collector that is away must not hold up the end of the process, nor fail it. */
  async shutdown(): Promise<void> {
    await this.#provider.shutdown().catch(() => undefined)
  }
}

/** The code only: a message could carry what belongs to the record. */
function markFailed(span: OpenSpan, error: unknown): void {
  const code = isShellError(error) ? error.code : 'internal'
  span.setAttribute('error.type', code)
  span.setStatus({ code: SpanStatusCode.ERROR, message: code })
}
