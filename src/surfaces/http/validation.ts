import type { FastifySchemaCompiler, FastifyServerOptions } from 'fastify'
import { serializerCompiler } from 'fastify-type-provider-zod'
import type { z } from 'zod'
import { RequestInvalid } from './request-invalid.ts'

/** Checks bodies, parameters and queries against the contract; nothing is coerced that a shape does not say. */
const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema }) => {
  return (data) => {
    const result = schema.safeParse(data)
    return result.success ? { value: result.data } : { error: new RequestInvalid(result.error) }
  }
}

type SchemaController = NonNullable<FastifyServerOptions['schemaController']>

/** Named at the start, so that the framework's own compilers (JSON schema, a tenth of a second to load) stay away. */
export const schemaController = {
  compilersFactory: { buildValidator: () => validatorCompiler, buildSerializer: () => serializerCompiler },
} as unknown as SchemaController // its types know JSON schemas only; ours are zod's, see App
