import type { App } from '../app.ts'
import type { HttpRooms } from '../rooms.ts'
import type { Browsers } from '../credentials.ts'
import { authRoutes } from './auth.ts'
import { approvalRoutes } from './approvals.ts'
import { catalogRoutes } from './catalog.ts'
import { connectionRoutes } from './connections.ts'
import { docsRoutes, type Reference } from './docs.ts'
import { draftRoutes } from './drafts.ts'
import { auditRoutes } from './audit.ts'
import { historyRoutes } from './history.ts'
import { mcpRoutes } from './mcp.ts'
import { metricsRoute, probeRoutes, type ProbeState } from './probes.ts'
import { questionRoutes } from './questions.ts'
import { memberRoutes } from './members.ts'
import { groupRoutes, roleRoutes } from './roles.ts'
import { devicePages } from './device-pages.ts'
import { invitationPages } from './invitation-pages.ts'
import { oidcPages } from './oidc-pages.ts'
import { signInPages } from './sign-in-pages.ts'
import { peopleRoutes } from './people.ts'
import { operatorRoutes } from './operators.ts'
import { tenantRoutes } from './tenants.ts'
import { tokenRoutes } from './tokens.ts'

export interface Registration {
  readonly state: ProbeState
  readonly hasMcp: boolean
  /** false: metrics have a port of their own. */
  readonly hasMetricsRoute: boolean
  readonly reference: Reference
  readonly browsers: Browsers
}

/** In the order of the OpenAPI document. */
export function registerRoutes(app: App, rooms: HttpRooms, { state, hasMcp, hasMetricsRoute, reference, browsers }: Registration): void {
  questionRoutes(app, rooms)
  draftRoutes(app, rooms)
  connectionRoutes(app, rooms)
  catalogRoutes(app, rooms)
  approvalRoutes(app, rooms)
  historyRoutes(app, rooms)
  auditRoutes(app, rooms)
  tokenRoutes(app, rooms)
  authRoutes(app, rooms, browsers)
  memberRoutes(app, rooms, browsers)
  peopleRoutes(app, rooms)
  roleRoutes(app, rooms)
  groupRoutes(app, rooms)
  tenantRoutes(app, rooms)
  operatorRoutes(app, rooms)
  if (hasMcp && rooms.mcp !== null) mcpRoutes(app, rooms, rooms.mcp)
  probeRoutes(app, rooms, state)
  if (hasMetricsRoute) metricsRoute(app, rooms)
  docsRoutes(app, reference)
  signInPages(app, rooms, browsers)
  oidcPages(app, rooms, browsers)
  devicePages(app, rooms)
  invitationPages(app, rooms, browsers)
}
