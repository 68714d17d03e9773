import type { ZodError } from 'zod'

type Issue = ZodError['issues'][number]

export interface FieldError {
  readonly path: string
  readonly message: string
}

/** A request whose fields do not fit the contract; becomes a problem document with one line per field. */
export class RequestInvalid extends Error {
  readonly errors: readonly FieldError[]

  constructor(error: ZodError) {
    super('The request does not fit the contract.')
    this.name = 'RequestInvalid'
    this.errors = error.issues.flatMap((issue) => fieldErrors(issue, []))
  }
}

function fieldErrors(issue: Issue, base: readonly PropertyKey[]): FieldError[] {
  const path = [...base, ...issue.path]
  if (issue.code === 'invalid_union' && issue.errors.length > 0) return closest(issue.errors, path)
  const shown = issue.code === 'unrecognized_keys' ? [...path, issue.keys[0] ?? ''] : path
  return [{ path: shown.map(String).join('.'), message: issue.message }]
}

/** Of a union's readings the one with the fewest faults: what the asker most likely meant. */
function closest(readings: readonly Issue[][], path: readonly PropertyKey[]): FieldError[] {
  const fewest = readings.reduce((best, reading) => (faults(reading) < faults(best) ? reading : best))
  return fewest.flatMap((issue) => fieldErrors(issue, path))
}

function faults(issues: readonly Issue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0)
}
