export interface CheckpointLine {
  readonly tenantId: string
  readonly sequence: number
  /** One line of JSON without its end. */
  readonly line: string
}

/** A place outside the store that takes signed checkpoints. */
export interface CheckpointSink {
  /** Durable when it resolves. Throws `sinks.unavailable`. */
  put(checkpoint: CheckpointLine): Promise<void>
  /** The newest line this place has of the tenant; null: none, or a place that cannot be asked. Throws `sinks.unavailable`. */
  latest(tenantId: string): Promise<string | null>
}
