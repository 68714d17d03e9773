import { z } from 'zod'
import { dialects, relationKinds, type Catalog } from '../domain/index.ts'
import type { Wire } from './wire.ts'

const columnShape = z.object({
  name: z.string(),
  type: z.string().default('text'),
  isNullable: z.boolean().default(true),
  comment: z.string().nullable().default(null),
})

const relationShape = z.object({
  schema: z.string().optional(),
  name: z.string(),
  kind: z.enum(relationKinds).default('table'),
  comment: z.string().nullable().default(null),
  columns: z.array(columnShape),
  primaryKey: z.array(z.string()).default([]),
  uniqueKeys: z.array(z.array(z.string())).default([]),
  definition: z.string().nullable().default(null),
  parents: z.array(z.string()).default([]),
})

const functionShape = z.object({
  schema: z.string(),
  name: z.string(),
  argumentTypes: z.array(z.string()).default([]),
  resultType: z.string().default(''),
  volatility: z.enum(['immutable', 'stable', 'volatile']).default('volatile'),
  onlyComputes: z.boolean().optional(),
})

/** A catalog in a file, as `aishell catalog dump` writes it. Written by hand, names of tables and columns are enough. */
export const catalogFileShape = z.object({
  dialect: z.enum(dialects),
  database: z.string().default(''),
  serverVersion: z.string().default(''),
  version: z.string().default('file'),
  searchPath: z.array(z.string()).optional(),
  relations: z.array(relationShape),
  functions: z.array(functionShape).default([]),
  operators: z.array(z.string()).default([]),
  types: z.array(z.string()).default([]),
})
export type CatalogFile = Wire<z.infer<typeof catalogFileShape>>

/** The catalog a file describes; `defaultSchema` is that of tables and of a search path it leaves out. */
export function catalogOfFile(file: CatalogFile, defaultSchema: string): Catalog {
  const nothing = { foreignKeys: [], estimatedRows: null, sizeBytes: null }
  return {
    ...file,
    searchPath: file.searchPath ?? [defaultSchema],
    relations: file.relations.map(({ schema = defaultSchema, columns, ...relation }) => ({
      ...nothing,
      ...relation,
      schema,
      columns: columns.map((column) => ({ ...column, statistics: null })),
    })),
  }
}
