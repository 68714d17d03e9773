import { pino, type DestinationStream, type Logger, type LoggerOptions } from 'pino'
import { isShellError, type Secret } from '../../domain/index.ts'
import type { Observation } from './observation.ts'
import { scrubber } from './scrub.ts'

export type { Logger }
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** Somewhere that takes finished lines. */
export interface LogSink {
  write(line: string): void
}

export interface LogOptions {
  readonly level: LogLevel
  readonly version: string
  /** A file's path, a sink, or standard output when absent. */
  readonly destination?: string | LogSink
  /** Values that must never stand in a line, wherever they came from. */
  readonly secrets: readonly Secret[]
  /** Adds to each line, e.g. the trace it belongs to. */
  readonly context: () => Readonly<Record<string, string>>
}

const secretKeys = ['authorization', 'cookie', 'set-cookie', 'password', 'secret', 'token', 'apiKey', 'sql', 'params']
const redacted = [...secretKeys, ...secretKeys.map((key) => `*["${key}"]`), ...secretKeys.map((key) => `*.*["${key}"]`)].map((path) =>
  path.includes('-') && !path.includes('[') ? `["${path}"]` : path,
)

export interface Logs {
  /** For observations: their fields are known, so no path of theirs needs a look. */
  readonly own: Logger
  /** For the HTTP framework, which logs whatever it is handed: secret-looking keys are redacted, at ten times the price of a line. */
  readonly framework: Logger
}

/** JSON lines. Written at once: an asynchronous writer loses its last lines, or crashes, when a command ends the process. */
export function createLogs(options: LogOptions): Logs {
  const scrub = scrubber(options.secrets)
  const target = sinkOf(options.destination)
  const scrubbed: DestinationStream = { write: (line) => target.write(scrub(line)) }
  const manner: LoggerOptions = {
    level: options.level,
    base: { service: 'aishell', version: options.version },
    messageKey: 'message',
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (level) => ({ level }) },
    serializers: { err: errorFields, error: errorFields },
    mixin: () => ({ ...options.context() }),
  }
  return { own: pino(manner, scrubbed), framework: pino({ ...manner, redact: { paths: redacted, censor: '[secret]' } }, scrubbed) }
}

function sinkOf(destination: string | LogSink | undefined): LogSink {
  if (typeof destination === 'object') return destination
  return pino.destination({ dest: destination ?? 1, sync: true, mkdir: true })
}

/** What may be said of an error. A database's own words can carry row values and statements: of those, only the code. */
export function errorFields(error: unknown, depth = 0): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { type: typeof error }
  const code: unknown = 'code' in error ? error.code : undefined
  const isDatabases = !isShellError(error) && typeof code === 'string' && /^([0-9A-Z]{5}|ERR_SQLITE.*|SQLITE.*)$/.test(code)
  const frames = (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '))
  return {
    type: error.name,
    ...(code === undefined ? {} : { code }),
    message: isDatabases ? 'the database’s message is not logged' : error.message,
    stack: frames.slice(0, 12).map((frame) => frame.trim()),
    ...(error.cause === undefined || depth > 2 ? {} : { cause: errorFields(error.cause, depth + 1) }),
  }
}

/** Requests that only ask whether we live would drown the rest. */
const quietRoutes = new Set(['/health', '/ready', '/metrics'])

/** One observation, one line; of most of them none, so nothing is put together before the level is known. */
export function logObservation(log: Logger, observation: Observation): void {
  const level = levelOf(observation)
  if (!log.isLevelEnabled(level)) return
  if (observation.type === 'warning') return log.warn({ code: observation.code }, observation.message)
  if (observation.type === 'failure')
    return log.error({ code: observation.code, requestId: observation.requestId, err: observation.error }, observation.type)
  const { type, ...fields } = observation
  log[level](fields, type)
}

function levelOf(observation: Observation): 'trace' | 'debug' | 'info' | 'warn' | 'error' {
  switch (observation.type) {
    case 'server-started':
    case 'server-draining':
    case 'server-stopped':
    case 'secret-reloaded':
    case 'leader-changed':
    case 'approval-changed':
    case 'model-called':
      return 'info'
    case 'redis-changed':
      return observation.isUp ? 'info' : 'warn'
    case 'rate-refused':
      return 'debug'
    case 'warning':
    case 'credential-refused':
    case 'intents-lost':
      return 'warn'
    case 'failure':
      return 'error'
    case 'request-ended':
      return requestLevel(observation.route, observation.status)
    case 'answer-ended':
      // An answer that streams has status 200 however it ends; the others are told by request-ended and the record.
      return observation.outcome === 'failed' ? 'warn' : 'debug'
    case 'draft-made':
    case 'verdict-reached':
    case 'run-ended':
    case 'catalog-read':
      return 'debug'
    case 'leases-changed':
    case 'password-hashed':
    case 'record-committed':
      return 'trace'
    default:
      return neverLogged(observation)
  }
}

function requestLevel(route: string, status: number): 'debug' | 'info' | 'error' {
  if (status >= 500 && status !== 503) return 'error'
  return quietRoutes.has(route) ? 'debug' : 'info'
}

function neverLogged(observation: never): never {
  throw new Error(`No level for ${JSON.stringify(observation)}`)
}
