// Takes one PostgreSQL statement and a catalog; gives its analysis by the server's own grammar.
// Small statements are read at once, large and odd ones in a thread that can be replaced.
// Touches nothing.
// Refuses every node kind, function, operator and type that is not on its lists.
export { openPostgresAnalyser } from './open-analyser.ts'
