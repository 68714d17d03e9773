// Takes the events of a run; gives them as wanted: pages of cells, CSV, NDJSON, and a hint how to chart them.
// CSV follows RFC 4180; NDJSON lines are JSON objects, numbers with all their digits.
// Touches nothing.
// Refuses to fetch more.
export { present } from './present.ts'
export { ChartHint } from './chart-hint.ts'
