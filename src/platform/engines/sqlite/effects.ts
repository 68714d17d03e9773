import type { DatabaseSync } from 'node:sqlite'
import type { WriteEffect, WriteVerb } from '../../../domain/index.ts'
import { rowsOf } from './open-database.ts'

// The sandbox may load the code of the engines and no other.
const everyVerb: readonly WriteVerb[] = ['insert', 'update', 'delete']

interface TriggerRow {
  readonly name: string
  readonly relation: string
  readonly sql: string
}

interface CascadeRow {
  readonly child: string
  readonly parent: string
  readonly onUpdate: string
  readonly onDelete: string
}

// Defaults and checks of SQLite call only the program's own functions.
const triggersQuery = `SELECT name, tbl_name AS relation, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name`
const cascadesQuery = `
  SELECT m.name AS child, k."table" AS parent, k.on_update AS "onUpdate", k.on_delete AS "onDelete"
  FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) k WHERE m.type = 'table' AND k.seq = 0 ORDER BY m.name, k.id`

/** What writing to each relation sets off, by its name in lower case. Runs in the sandbox. */
export function readEffects(database: DatabaseSync): Map<string, WriteEffect[]> {
  const effects = new Map<string, WriteEffect[]>()
  const add = (relation: string, effect: WriteEffect): void => {
    const key = relation.toLowerCase()
    effects.set(key, [...(effects.get(key) ?? []), effect])
  }
  for (const { name, relation, sql } of rowsOf<TriggerRow>(database, triggersQuery))
    add(relation, { kind: 'trigger', name, verbs: verbsOfTrigger(sql), calls: null, reaches: null })
  for (const { child, parent, onUpdate, onDelete } of rowsOf<CascadeRow>(database, cascadesQuery)) {
    const verbs: WriteVerb[] = [...(isChange(onUpdate) ? (['update'] as const) : []), ...(isChange(onDelete) ? (['delete'] as const) : [])]
    if (verbs.length > 0) add(parent, { kind: 'cascade', name: child, verbs, calls: null, reaches: `main.${child}` })
  }
  return effects
}

function isChange(action: string): boolean {
  return /^(CASCADE|SET NULL|SET DEFAULT)$/i.test(action)
}

/** The first verb behind the trigger's name (lang_createtrigger); every verb where it cannot be told. */
function verbsOfTrigger(sql: string): readonly WriteVerb[] {
  const bare = sql.replaceAll(/--[^\n]*|\/\*[^]*?\*\/|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|'(?:[^']|'')*'/g, ' x ')
  const [, verb] =
    /\bTRIGGER\b\s+(?:IF\s+NOT\s+EXISTS\s+)?\S+(?:\s*\.\s*\S+)?\s+(?:BEFORE\s+|AFTER\s+|INSTEAD\s+OF\s+)?(DELETE|INSERT|UPDATE)\b/i.exec(
      bare,
    ) ?? []
  const known = everyVerb.find((one) => one === verb?.toLowerCase())
  return known === undefined ? everyVerb : [known]
}
