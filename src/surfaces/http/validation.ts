import type { FastifySchemaCompiler } from 'fastify'
import type { z } from 'zod'
import { RequestInvalid } from './request-invalid.ts'

/** Checks bodies, parameters and queries against the contract; nothing is coerced that a shape does not say. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema }) => {
  return (data) => {
    const result = schema.safeParse(data)
    return result.success ? { value: result.data } : { error: new RequestInvalid(result.error) }
  }
}
