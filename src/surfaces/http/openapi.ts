import swagger from '@fastify/swagger'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import type { App } from './app.ts'
import { tidyComponents } from './openapi-components.ts'

/** Collects the routes registered after it. The document itself is made when it is first asked for. */
export async function describeApi(app: App, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'AI-Shell',
        version,
        description:
          'Ask your databases in plain language or SQL. Every question is guarded, limited and recorded. ' +
          'Errors are RFC 9457 problem documents with a stable `code`.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      tags: [
        { name: 'questions', description: 'Ask, draft, cancel' },
        { name: 'connections', description: 'Saved ways into databases, their catalogs and rules' },
        { name: 'approvals', description: 'Another person’s consent to a statement' },
        { name: 'record', description: 'What was asked and how it ended, tamper-evident' },
        { name: 'identity', description: 'Tokens and who you are' },
        { name: 'people', description: 'Members, roles and groups' },
        { name: 'tenants', description: 'Customer spaces, for operators of the installation' },
        { name: 'agents', description: 'The Model Context Protocol' },
        { name: 'server', description: 'Health, metrics and this document' },
      ],
      components: {
        securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'A personal or service token' } },
      },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => tidyComponents(jsonSchemaTransformObject(document)),
  })
}
