import { ShellError } from '../../domain/index.ts'

export function unavailable(place: string, cause: unknown): ShellError {
  return new ShellError({
    code: 'sinks.unavailable',
    kind: 'failed',
    message: `Checkpoints of the record cannot be kept in ${place} now.`,
    hint: 'They stay in the store and follow when the place is back; the AUDIT_CHECKPOINT_ and AUDIT_S3_ settings name it.',
    cause,
  })
}
