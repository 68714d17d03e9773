// Takes one MySQL or MariaDB statement and a catalog; gives its analysis.
// A parser in a thread that can be replaced, held to a second reading of our own.
// Touches nothing.
// Refuses every node kind, operator and function that is not on its lists, and whatever the two read apart.
export { openMysqlAnalyser } from './open-analyser.ts'
