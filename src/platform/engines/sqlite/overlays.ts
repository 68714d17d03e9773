import { createHash, randomBytes } from 'node:crypto'
import { constants, type DatabaseSync } from 'node:sqlite'
// Not through the door: the sandbox loads what it needs and nothing else.
import { overlayFunctions, planOverlay, type Overlay, type OverlayPlan } from '../../../domain/masking/overlay.ts'

interface Laid {
  readonly overlay: Overlay
  readonly plan: OverlayPlan
}

/** What lies over each open file. It stays until the next statement: SQLite may compile one anew while it runs. */
const laid = new WeakMap<DatabaseSync, Laid>()
const known = new WeakSet<DatabaseSync>()
const ownNames = new Set<string>(Object.values(overlayFunctions))

/** Takes off the last statement's overlay and lays on this one's. Runs without the authorizer, on texts of the guard. */
export function layOver(database: DatabaseSync, overlay: Overlay | null): void {
  const last = laid.get(database)
  if (last === undefined && overlay === null) return
  // Temporary views are no change of the file, which stays open for reading only; SQLite asks for the permission all the same.
  database.exec('PRAGMA query_only = 0')
  try {
    for (const text of last?.plan.drop ?? []) database.exec(text)
    laid.delete(database)
    if (overlay === null) return
    register(database)
    const plan = planOverlay(overlay, `aishell_${randomBytes(16).toString('hex')}`)
    laid.set(database, { overlay, plan })
    for (const text of plan.create) database.exec(text)
  } finally {
    database.exec('PRAGMA query_only = 1')
  }
}

/** Whether an overlay lets SQLite do what it asks its authorizer for. */
export function passesOverlay(
  database: DatabaseSync,
  [action, first, second, schema, through]: readonly [number, string | null, string | null, string | null, string | null],
): boolean {
  const plan = laid.get(database)?.plan
  if (action === constants.SQLITE_READ) return plan?.mayRead(first ?? '', second ?? '', schema, through) ?? true
  if (action === constants.SQLITE_FUNCTION) return plan?.mayCall(second ?? '', through) ?? !ownNames.has((second ?? '').toLowerCase())
  return true
}

function register(database: DatabaseSync): void {
  if (known.has(database)) return
  known.add(database)
  const current = (): Overlay | undefined => laid.get(database)?.overlay
  database.function(overlayFunctions.value, { deterministic: true }, (number: unknown) => current()?.values[Number(number) - 1] ?? null)
  database.function(overlayFunctions.hash, { deterministic: true }, (value: unknown) => {
    if (value === null) return null
    const key = current()?.key ?? null
    if (key === null || typeof value !== 'string') throw new Error('A hash mask without a key, or of no text')
    return createHash('sha256').update(key).update(value).digest('hex').slice(0, 32)
  })
}
