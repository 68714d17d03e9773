import { isIPv6, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import cors from '@fastify/cors'
import fastify from 'fastify'
import type { App } from './app.ts'
import { Cookies } from './cookies.ts'
import { requireCredentials, type Browsers } from './credentials.ts'
import { answerErrors, sendProblem } from './errors.ts'
import { readForms } from './form.ts'
import { lazyReference } from './lazy-reference.ts'
import { addressOf, listenOn } from './listening.ts'
import { refuseOtherMethods } from './method-not-allowed.ts'
import { createMetricsServer } from './metrics-server.ts'
import { refuseOverload } from './overload.ts'
import { problemOf } from './problem.ts'
import { answerBrokenRequest } from './broken-request.ts'
import { protectBrowsers } from './protect-browsers.ts'
import { observeRequests, requestIdOf } from './request-life.ts'
import type { HttpRooms } from './rooms.ts'
import { registerRoutes } from './routes/register-routes.ts'
import { limitRates } from './rate-limits.ts'
import { readiness, type ProbeState } from './routes/probes.ts'
import { checkTenants } from './tenant-check.ts'
import { dropStalledReaders } from './stalled-readers.ts'
import { schemaController } from './validation.ts'

export interface HttpOptions {
  readonly version: string
  /** Origins a browser may call from; empty: none but our own. */
  readonly corsOrigins?: readonly string[]
  /** Address people reach this server at; null: whatever host they name, over plain http. */
  readonly publicUrl?: string | null
  /** `example.org`: tenants have pages at `NAME.example.org`. */
  readonly tenantHostSuffix?: string | null
  /** Proxies whose word is taken on where a request comes from. */
  readonly trustedProxies?: readonly string[]
  readonly bodyLimitBytes?: number
  readonly maxHeaderBytes?: number
  /** A request that has not arrived whole by then is dropped (slow loris). */
  readonly requestTimeoutMs?: number
  readonly keepAliveMs?: number
  /** A client that takes nothing of its answer for so long is let go, and its run ended. */
  readonly readerStallMs?: number
  /** Beyond these, connections are closed as they come. */
  readonly maxConnections?: number
  /** Beyond these, questions are turned away with 429. */
  readonly maxRunningAnswers?: number
  /** true: /metrics has a port of its own, see `listen`. */
  readonly hasMetricsPort?: boolean
}

export interface ListenOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly metricsPort?: number
}

export interface HttpServer {
  /** Throws `http.port-taken`, `http.port-forbidden`, `http.address-unknown`. Gives the URL. */
  listen(options: ListenOptions): Promise<string>
  address(): AddressInfo | null
  metricsAddress(): AddressInfo | null
  /** /ready says 503 from now on and connections are not kept; everything is still answered. */
  beginDrain(): void
  /** No new connections; running answers get `graceMs` to end, then they are aborted. */
  close(options?: { readonly graceMs?: number }): Promise<void>
  readonly inject: App['inject']
}

/** All routes over the given rooms; nothing listens until `listen`. */
export async function createHttpServer(rooms: HttpRooms, options: HttpOptions): Promise<HttpServer> {
  let isDraining = false
  const state: ProbeState = { version: options.version, isDraining: () => isDraining }
  const app = createApp(options)
  observeRequests(app, rooms, state.isDraining)
  protectBrowsers(app)
  if (options.corsOrigins !== undefined && options.corsOrigins.length > 0) await allowOrigins(app, options.corsOrigins)
  const browsers: Browsers = {
    cookies: new Cookies({ publicUrl: options.publicUrl ?? null }),
    publicUrl: options.publicUrl ?? null,
    tenantHostSuffix: options.tenantHostSuffix ?? null,
    origins: options.corsOrigins ?? [],
  }
  dropStalledReaders(app, options.readerStallMs ?? 60_000)
  app.server.maxConnections = options.maxConnections ?? 10_000
  readForms(app)
  requireCredentials(app, rooms, browsers)
  checkTenants(app, rooms)
  limitRates(app, rooms)
  refuseOverload(app, options.maxRunningAnswers ?? 256)
  answerErrors(app, rooms)
  const refuseOthers = refuseOtherMethods(app)
  const hasMcp = rooms.mcp !== null
  const hasMetricsRoute = options.hasMetricsPort !== true
  const reference = lazyReference({ version: options.version, hasMcp, hasMetricsRoute })
  registerRoutes(app, rooms, { state, hasMcp, hasMetricsRoute, reference, browsers })
  refuseOthers()
  await app.ready()
  const metricsServer = options.hasMetricsPort === true ? createMetricsServer(rooms, () => readiness(rooms, state)) : null
  return {
    listen: async ({ host, port, metricsPort }) => {
      await listenOn(app.server, host, port)
      if (metricsServer !== null) await listenOn(metricsServer, host, metricsPort ?? 0)
      const bound = addressOf(app.server)
      return `http://${isIPv6(host) ? `[${host}]` : host}:${bound?.port ?? port}`
    },
    address: () => addressOf(app.server),
    metricsAddress: () => (metricsServer === null ? null : addressOf(metricsServer)),
    beginDrain: () => {
      isDraining = true
    },
    close: async ({ graceMs = 0 } = {}) => {
      isDraining = true
      await drain(app, rooms, graceMs)
      metricsServer?.close()
      metricsServer?.closeAllConnections()
    },
    inject: app.inject.bind(app),
  }
}

function createApp(options: HttpOptions): App {
  const requestTimeoutMs = options.requestTimeoutMs ?? 30_000
  return fastify({
    logger: false,
    schemaController,
    trustProxy: [...(options.trustedProxies ?? [])],
    genReqId: requestIdOf,
    requestIdHeader: false,
    bodyLimit: options.bodyLimitBytes ?? 4 * 1024 * 1024,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: options.keepAliveMs ?? 72_000,
    forceCloseConnections: 'idle',
    return503OnClosing: false, // what still comes in while draining is answered
    // A name of 200 characters outside ASCII comes percent-encoded.
    routerOptions: { maxParamLength: 200 * 12, ignoreTrailingSlash: false },
    http: {
      maxHeaderSize: options.maxHeaderBytes ?? 16 * 1024,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(5_000, requestTimeoutMs),
    },
    frameworkErrors: (error, request, reply) => void sendProblem(reply, problemOf(error, request.id)),
    clientErrorHandler: answerBrokenRequest,
  })
}

async function allowOrigins(app: App, origins: readonly string[]): Promise<void> {
  await app.register(cors, {
    origin: [...origins],
    credentials: true,
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['authorization', 'content-type', 'accept', 'x-request-id', 'x-aishell-surface', 'x-aishell-tenant'],
    exposedHeaders: ['x-request-id', 'x-aishell-question', 'retry-after', 'ratelimit', 'ratelimit-policy', 'location'],
    maxAge: 600,
  })
}

/** Whoever asks on a connection that stays is told to close it; cut before that, it would lose the request that is on its way. */
async function letGo(app: App, lingerMs: number): Promise<void> {
  const endMs = performance.now() + lingerMs
  const open = promisify(app.server.getConnections.bind(app.server))
  while (performance.now() < endMs && (await open()) > 0) await sleep(20)
}

/** After the grace an answer has one more second to write its last line; then the connection is cut. */
async function drain(app: App, rooms: HttpRooms, graceMs: number): Promise<void> {
  const abort = setTimeout(() => rooms.running.abortAll(), graceMs)
  const cut = setTimeout(() => app.server.closeAllConnections(), graceMs + 1_000)
  await letGo(app, Math.min(graceMs, 1_000))
  // A connection whose answer has just ended is idle, but was not when closing began.
  const idle = setInterval(() => app.server.closeIdleConnections(), 50)
  await app.close()
  clearInterval(idle)
  clearTimeout(abort)
  clearTimeout(cut)
}
