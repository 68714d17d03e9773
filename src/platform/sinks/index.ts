// Takes a signed line about the record; gives it to a place outside the store.
// A file, the log, or a bucket of S3's kind; it can say what it was given last.
// Touches that place only.
// Refuses to look inside: what a line says and who signed it is the record's affair.
export type { CheckpointLine, CheckpointSink } from './sink.ts'
export { createFileSink } from './file-sink.ts'
export { createLogSink } from './log-sink.ts'
export { createS3Sink, type S3SinkOptions } from './s3-sink.ts'
