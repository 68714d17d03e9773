// Takes one SQLite statement and a catalog; gives its analysis, as SQLite itself reports it while it compiles.
// The witness compiles against an empty database of the same shape, in a thread that can be replaced.
// Touches no file.
// Refuses what the witness cannot compile, and what it does not come back from.
export { openSqliteAnalyser } from './analyse.ts'
