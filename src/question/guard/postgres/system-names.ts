import type { Reason, Span } from '../../../domain/index.ts'
import { list, names, type Node } from './parse.ts'

export function systemRelation(schema: string | null, name: string, span: Span): Reason {
  return {
    code: 'guard.system-relation',
    message: `${schema === null ? '' : `${schema}.`}${name} is part of the server’s own catalogs, which tell of everybody’s data.`,
    span,
    hint: 'Browse the catalog with \\d instead.',
  }
}

export function isSystemName(schema: string | null, name: string, node: Node): boolean {
  if (node['catalogname'] !== undefined) return true // another database: nothing a read here may name
  if (schema !== null) return schema === 'information_schema' || schema.startsWith('pg_')
  return name.startsWith('pg_') // pg_catalog comes first in every search path
}

/** DROP TABLE names its objects as lists of words. */
export function droppedRelations(node: Node): string[][] {
  if (!/^OBJECT_(TABLE|VIEW|MATVIEW|FOREIGN_TABLE)$/.test(String(node['removeType']))) return []
  return list(node['objects']).map((item) => names((item['List'] as Node | undefined)?.['items']))
}
