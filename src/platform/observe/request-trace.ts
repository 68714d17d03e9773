export interface RequestStart {
  readonly method: string
  /** The caller's W3C header, if any. */
  readonly traceparent: string | undefined
}

/** One incoming request's span. */
export interface RequestTrace {
  /** null: nothing is traced. */
  readonly traceId: string | null
  end(route: string, status: number): void
}
