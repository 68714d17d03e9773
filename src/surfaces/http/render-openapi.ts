import fastify from 'fastify'
import manifest from '../../../package.json' with { type: 'json' }
import type { App } from './app.ts'
import { describeApi, openApiText } from './openapi.ts'
import type { HttpRooms } from './rooms.ts'
import { registerRoutes } from './routes/register-routes.ts'

/** The OpenAPI document of a server with every surface, for the committed reference. */
export async function renderOpenApi(): Promise<string> {
  const app: App = fastify({ logger: false })
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => JSON.stringify)
  await describeApi(app, manifest.version)
  const rooms = { mcp: {} } as HttpRooms // routes only keep the rooms while they are registered; none is asked anything
  await registerRoutes(app, rooms, { version: manifest.version, isDraining: () => false }, false)
  await app.ready()
  const text = openApiText(app)
  await app.close()
  return text
}
