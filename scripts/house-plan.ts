/** The plan of DESIGN and ARCHITECTURE in data: floors, the few doors between neighbours, and each package's home. */

/** Rooms by floor, lowest first. An import may go down, never up, never sideways. */
export const floors: readonly (readonly string[])[] = [
  ['domain'],
  ['contract'],
  [
    'platform/config',
    'platform/connections',
    'platform/discovery',
    'platform/engines',
    'platform/identity',
    'platform/models',
    'platform/observe',
    'platform/redis',
    'platform/signals',
    'platform/sinks',
    'platform/store',
    'platform/tenancy',
  ],
  ['question/approve', 'question/ask', 'question/guard', 'question/present', 'question/record', 'question/run'],
  ['question'],
  ['surfaces/http', 'surfaces/mcp', 'surfaces/terminal'],
  ['root'],
]

/** Neighbours on the platform floor that may use each other's door: from → to. */
export const neighbours: Readonly<Record<string, readonly string[]>> = {
  'platform/connections': ['platform/engines', 'platform/observe', 'platform/store'],
  'platform/identity': ['platform/observe', 'platform/store', 'platform/tenancy'],
  'platform/discovery': ['platform/observe'],
  'platform/models': ['platform/observe'],
  'platform/redis': ['platform/observe'],
  'platform/signals': ['platform/redis', 'platform/store'],
  'platform/tenancy': ['platform/observe', 'platform/redis', 'platform/store'],
}

/** Rooms that are clients of the contract and of nothing else of the server. */
export const clients: readonly string[] = ['surfaces/terminal']

/** Deep imports that are no accident: the file and who may reach for it. */
export const sideDoors: Readonly<Record<string, readonly string[]>> = {
  'domain/approved-statement.ts': ['question/guard'],
  'domain/granted-approval.ts': ['question/approve'],
  'domain/masking/overlay.ts': ['platform/engines'],
}

/** Each third-party package has one home; a package that is not listed may not be imported. */
export const packageHomes: Readonly<Record<string, readonly string[]>> = {
  '@ai-sdk/anthropic': ['platform/models'],
  '@ai-sdk/openai': ['platform/models'],
  '@ai-sdk/openai-compatible': ['platform/models'],
  '@ai-sdk/provider': ['platform/models'],
  '@ai-sdk/provider-utils': ['platform/models'],
  'ollama-ai-provider-v2': ['platform/models'],
  ai: ['platform/models'],
  '@fastify/cors': ['surfaces/http'],
  '@fastify/swagger': ['surfaces/http'],
  '@fastify/swagger-ui': ['surfaces/http'],
  fastify: ['surfaces/http'],
  'fastify-type-provider-zod': ['surfaces/http'],
  'openapi-types': ['surfaces/http'],
  '@modelcontextprotocol/server': ['surfaces/mcp'],
  '@opentelemetry/api': ['platform/observe'],
  '@opentelemetry/exporter-trace-otlp-http': ['platform/observe'],
  '@opentelemetry/resources': ['platform/observe'],
  '@opentelemetry/sdk-trace-node': ['platform/observe'],
  pino: ['platform/observe'],
  'prom-client': ['platform/observe'],
  commander: ['surfaces/terminal'],
  'string-width': ['surfaces/terminal'],
  kysely: ['platform/store', 'platform/identity', 'platform/tenancy', 'platform/connections', 'question/approve', 'question/record'],
  '@guanmingchiu/sqlparser-ts': ['question/guard'],
  'libpg-query': ['question/guard'],
  ioredis: ['platform/redis'],
  mysql2: ['platform/engines'],
  pg: ['platform/engines', 'platform/store'],
  'pg-copy-streams': ['platform/engines'],
  s3mini: ['platform/sinks'],
  yaml: ['platform/config', 'platform/discovery'],
  '@node-rs/argon2': ['platform/identity'],
  '@zxcvbn-ts/core': ['platform/identity'],
  '@zxcvbn-ts/language-common': ['platform/identity'],
  jose: ['platform/identity'],
  'openid-client': ['platform/identity'],
  // The contract's shapes are made with zod; the surfaces, the settings file and a model's answer are parsed with it.
  zod: ['contract', 'platform/config', 'question/ask', 'surfaces/http', 'surfaces/mcp'],
}

/** Names that say nothing. */
export const vagueNames = /(^|\/)(utils?|helpers?|common|shared|misc|manager|types)(\.ts$|\/)/

export const longestFile = 400
export const longestDoor = 20
