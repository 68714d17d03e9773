import { z } from 'zod'
import type { Wire } from './wire.ts'
import { dialects, relationKinds } from '../domain/index.ts'

const statistics = z.object({
  distinct: z.number().nullable(),
  nullShare: z.number().nullable(),
  values: z.array(z.string()),
  isComplete: z.boolean(),
  min: z.string().nullable(),
  max: z.string().nullable(),
})

export const relationShape = z
  .object({
    schema: z.string(),
    name: z.string(),
    kind: z.enum(relationKinds),
    comment: z.string().nullable(),
    columns: z.array(
      z.object({
        name: z.string(),
        type: z.string(),
        isNullable: z.boolean(),
        comment: z.string().nullable(),
        statistics: statistics.nullable(),
      }),
    ),
    primaryKey: z.array(z.string()),
    uniqueKeys: z.array(z.array(z.string())),
    foreignKeys: z.array(
      z.object({
        name: z.string(),
        columns: z.array(z.string()),
        target: z.object({ schema: z.string(), name: z.string(), columns: z.array(z.string()) }),
      }),
    ),
    estimatedRows: z.number().nullable(),
    sizeBytes: z.number().nullable(),
    definition: z.string().nullable(),
    parents: z.array(z.string()),
  })
  .meta({ id: 'Relation' })
export type RelationBody = Wire<z.infer<typeof relationShape>>

export const catalogQueryShape = z.strictObject({
  /** Reads the catalog anew from the database first. */
  refresh: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
  /** Words to be found in names and comments; best matches first. */
  search: z.string().min(1).max(200).optional(),
  limit: z.coerce.number().int().min(1).max(5000).default(1000),
  after: z.string().max(20).regex(/^\d+$/, 'the `next` of the page before').optional(),
})

/** The catalog as the asker may see it. */
export const catalogShape = z
  .object({
    connection: z.string(),
    dialect: z.enum(dialects),
    database: z.string(),
    serverVersion: z.string(),
    version: z.string(),
    searchPath: z.array(z.string()),
    relations: z.array(relationShape),
    functions: z.array(
      z.object({
        schema: z.string(),
        name: z.string(),
        argumentTypes: z.array(z.string()),
        resultType: z.string(),
        volatility: z.enum(['immutable', 'stable', 'volatile']),
        /** Of a known extension, and as good as the server's own of that name. */
        onlyComputes: z.boolean().optional(),
      }),
    ),
    operators: z.array(z.string()),
    types: z.array(z.string()),
    /** Relations of a catalog come in pages; goes into `?after=`, null on the last page. */
    next: z.string().nullable(),
  })
  .meta({ id: 'Catalog' })
export type CatalogBody = Wire<z.infer<typeof catalogShape>>
export { catalogFileShape, catalogOfFile, type CatalogFile } from './catalog-file.ts'
