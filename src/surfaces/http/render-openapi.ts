import manifest from '../../../package.json' with { type: 'json' }

/** The OpenAPI document of a server with every surface, for the committed reference. */
export async function renderOpenApi(): Promise<string> {
  const { openApiDocument } = await import('./api-reference.ts')
  const document = await openApiDocument({ version: manifest.version, hasMcp: true, hasMetricsRoute: true })
  return `${JSON.stringify(document, null, 2)}\n`
}
