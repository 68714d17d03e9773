import type { CheckpointSink } from './sink.ts'

/** Each checkpoint as a line of its own, among the log's lines: whoever collects the log keeps it. */
export function createLogSink(write: (line: string) => void): CheckpointSink {
  return {
    put: async ({ line }) => write(`${line}\n`),
    latest: async () => null,
  }
}
