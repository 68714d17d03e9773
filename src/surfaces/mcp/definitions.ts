import { z } from 'zod'
import { mcpInputShapes, mcpTools, type McpTool } from '../../contract/index.ts'

/** One sentence each: agents read all of them in every conversation. */
const descriptions: Readonly<{ [Tool in McpTool]: string }> = {
  list_connections: 'List the databases you can ask.',
  search_catalog: 'Find tables of a database by words; gives names, columns and comments.',
  describe_table: 'Columns, types, keys and comments of one table.',
  ask: 'Answer a question in plain language from a database; returns the SQL, what was assumed, and rows.',
  run_sql:
    'Run one SQL statement, guarded and limited; returns rows. A write may wait for another person: then an approval id is returned.',
  explain: 'Judge a statement and show the plan without running it.',
  get_approval: 'What became of a statement that waits for another person.',
}

export interface ToolDefinition {
  readonly name: McpTool
  readonly description: string
  readonly inputSchema: { readonly type: 'object'; readonly [key: string]: unknown }
  readonly annotations: { readonly readOnlyHint: boolean; readonly openWorldHint: boolean }
}

export const definitions: readonly ToolDefinition[] = mcpTools.map((name) => {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(mcpInputShapes[name], { io: 'input' })
  return {
    name,
    description: descriptions[name],
    inputSchema: { ...schema, type: 'object' },
    annotations: { readOnlyHint: name !== 'run_sql' && name !== 'ask', openWorldHint: false },
  }
})

export const instructions =
  'AI-Shell answers from databases through a guard, with limits, everything recorded. Start with list_connections. ' +
  'Prefer ask for questions and search_catalog before run_sql. An outcome other than answered says why; do not retry a refusal unchanged.'
