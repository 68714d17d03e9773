// Takes what crosses a process; gives its shape (zod) and its type, and a client that speaks it.
// OpenAPI, MCP inputs, terminal and console types derive from here.
// Touches the network only in client.ts.
// Refuses anything of the server: it imports the domain's words and nothing else.
export * from './answer.ts'
export * from './catalog.ts'
export { searchRelations } from './catalog-search.ts'
export * from './cell.ts'
export * from './client.ts'
export * from './connection.ts'
export * from './entry.ts'
export * from './health.ts'
export * from './limits.ts'
export * from './mcp-tools.ts'
export * from './people.ts'
export * from './problem.ts'
export * from './question.ts'
export { nameOrIdShape, slugShape } from './text.ts'
export * from './token.ts'
export type { Wire } from './wire.ts'
