import { z } from 'zod'
import type { Wire } from './wire.ts'
import { approvalStates, outcomes, truncations } from '../domain/index.ts'
import { cellShape } from './cell.ts'
import { nameOrIdShape } from './text.ts'
import { failureShape, reasonShape } from './answer.ts'

const connection = nameOrIdShape.describe('Name of the connection')
const maxRows = z.int().min(1).max(1000).optional().describe('Rows to return, 100 unless told')

/** Inputs of the MCP tools. Definitions are small: every agent pays for them in every conversation. */
export const mcpInputShapes = {
  list_connections: z.strictObject({}),
  search_catalog: z.strictObject({
    connection,
    query: z.string().min(1).max(200).describe('Words to find in table, column names and comments'),
    limit: z.int().min(1).max(50).optional(),
  }),
  describe_table: z.strictObject({ connection, table: z.string().min(1).max(300).describe('table or schema.table') }),
  ask: z.strictObject({ connection, question: z.string().min(1).max(4000).describe('Plain language'), max_rows: maxRows }),
  run_sql: z.strictObject({
    connection,
    sql: z.string().min(1).max(1_000_000).describe('One statement'),
    params: z.array(cellShape).max(1000).optional(),
    max_rows: maxRows,
  }),
  get_approval: z.strictObject({ id: z.string().min(1).max(100).describe('Id from an answer that needs approval') }),
  explain: z.strictObject({ connection, sql: z.string().min(1).max(1_000_000), params: z.array(cellShape).max(1000).optional() }),
} as const
export const mcpTools = ['list_connections', 'search_catalog', 'describe_table', 'ask', 'run_sql', 'explain', 'get_approval'] as const
export type McpTool = (typeof mcpTools)[number]

/** What `ask`, `run_sql` and `explain` give beside their text. */
export const mcpAnswerShape = z.object({
  id: z.string(),
  outcome: z.enum(outcomes),
  sql: z.string().optional(),
  explanation: z.string().optional(),
  assumptions: z.array(z.string()).optional(),
  columns: z.array(z.string()).optional(),
  rows: z.array(z.array(cellShape)).optional(),
  truncated: z.enum(truncations).nullable().optional(),
  /** Questions to choose from, where the outcome is needs-clarification. */
  choices: z.array(z.string()).optional(),
  reasons: z.array(reasonShape).optional(),
  /** Columns whose values are shown changed, and tables of which there are only some rows. */
  masked: z.array(z.string()).optional(),
  filtered: z.array(z.string()).optional(),
  failure: failureShape.optional(),
  /** What waits for another person, or became of it. */
  approval: z.object({ id: z.string(), state: z.enum(approvalStates), expiresAt: z.string() }).optional(),
  /** Of a write that was committed. */
  affected_rows: z.number().nullable().optional(),
  plan: z.string().optional(),
})
export type McpAnswer = Wire<z.infer<typeof mcpAnswerShape>>
