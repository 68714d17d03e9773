import { z } from 'zod'
import type { Wire } from './wire.ts'

/**
 * One value of a result: the server's exact text, or null for NULL. int8 and numeric never pass through a double;
 * booleans are `true`/`false`; bytea is `\x` and hex; dates and times are ISO 8601; JSON is its text.
 */
export const cellShape = z.union([z.string(), z.null()])
export type Cell = Wire<z.infer<typeof cellShape>>

/** How a column's text may be shown: numbers to the right, JSON as a tree. */
export const cellKinds = ['number', 'boolean', 'text', 'time', 'json', 'binary', 'other'] as const
export const resultColumnShape = z.object({ name: z.string(), type: z.string(), kind: z.enum(cellKinds) }).meta({ id: 'ResultColumn' })
export type ResultColumn = Wire<z.infer<typeof resultColumnShape>>
