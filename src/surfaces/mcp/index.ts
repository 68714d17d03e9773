// Takes JSON-RPC of the Model Context Protocol; gives six small tools over the one pipeline.
// Same rights, guard, limits and record as every surface; the actor is recorded as an agent.
// Touches the pipeline, connections and the contract; over stdio only a server's /mcp.
// Refuses SQL of its own, sessions, and web origins it does not know.
export { createMcp, type Mcp, type McpOptions } from './mcp-door.ts'
export { createMcpStdio, type McpStdio, type McpStdioOptions } from './stdio.ts'
export type { McpRooms } from './rooms.ts'
