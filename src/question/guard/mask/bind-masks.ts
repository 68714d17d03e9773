import { ShellError, type ApprovedFields } from '../../../domain/index.ts'
import type { Analyser } from '../analyser.ts'
import type { GuardContext, GuardSubject } from '../guard.ts'
import type { MaskedText } from './masked-text.ts'

/** The text that runs with the values it binds: those of the asker first, then the actor's attributes and the key. null: these are not known. */
export function maskedText(
  masked: MaskedText,
  subject: GuardSubject,
  context: GuardContext,
  analyser: Analyser,
): Pick<ApprovedFields, 'sql' | 'params' | 'isSpliced' | 'overlay'> | null {
  const { maskActor } = context
  const { masker } = analyser
  if (maskActor === undefined || subject.params === null) return null
  const hasKey = masked.hidden.some((hidden) => hidden.kind === 'mask-key')
  if (hasKey && maskActor.key === null)
    throw new ShellError({
      code: 'guard.no-mask-key',
      kind: 'failed',
      message: 'The policy hashes a column, and there is no key to do it with.',
    })
  if (masked.overlay !== null) {
    const values = masked.hidden.filter((hidden) => hidden.kind === 'actor').map((hidden) => masker.bound(hidden, maskActor))
    return { sql: masked.sql, params: subject.params, overlay: { ...masked.overlay, values, key: hasKey ? maskActor.key : null } }
  }
  const values = [...subject.params, ...masked.hidden.map((hidden) => masker.bound(hidden, maskActor))]
  return { sql: masked.sql, params: masked.order?.map((place) => values[place] ?? null) ?? values, isSpliced: true }
}
