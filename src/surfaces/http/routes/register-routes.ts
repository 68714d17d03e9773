import type { App } from '../app.ts'
import type { HttpRooms } from '../rooms.ts'
import { catalogRoutes } from './catalog.ts'
import { connectionRoutes } from './connections.ts'
import { docsRoutes } from './docs.ts'
import { draftRoutes } from './drafts.ts'
import { auditRoutes, historyRoutes } from './history.ts'
import { mcpRoutes } from './mcp.ts'
import { metricsRoute, probeRoutes, type ProbeState } from './probes.ts'
import { questionRoutes } from './questions.ts'
import { authRoutes, tokenRoutes } from './tokens.ts'

/** In the order of the OpenAPI document. */
export async function registerRoutes(app: App, rooms: HttpRooms, state: ProbeState, hasMetricsPort: boolean): Promise<void> {
  questionRoutes(app, rooms)
  draftRoutes(app, rooms)
  connectionRoutes(app, rooms)
  catalogRoutes(app, rooms)
  historyRoutes(app, rooms)
  auditRoutes(app, rooms)
  tokenRoutes(app, rooms)
  authRoutes(app)
  if (rooms.mcp !== null) mcpRoutes(app, rooms, rooms.mcp)
  probeRoutes(app, rooms, state)
  if (!hasMetricsPort) metricsRoute(app, rooms)
  await docsRoutes(app)
}
