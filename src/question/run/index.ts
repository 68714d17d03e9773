// Takes an approved statement and a lease; gives its rows, cut at the limits of the seal.
// Cells in batches, or bytes by the server's own copy where the engine has one.
// Touches the lease.
// Refuses text that carries no seal.
export { CellRun, rowsBatch, rowsBegin, run, type Onlooker, type RunEvent, type RunOptions } from './run.ts'
export { RunMeter } from './run-meter.ts'
export { cutCells } from './cut-cells.ts'
