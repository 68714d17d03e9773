import type { ApprovalBody } from '../../../contract/index.ts'
import { countOf } from './answer-words.ts'

/** How it goes on with what waits for another person. */
export function waitingLines({ id, dryRun, expiresAt }: ApprovalBody, isShell: boolean): string[] {
  const look = isShell ? `\\approvals ${id}` : `aishell approvals show ${id}`
  const count = dryRun?.affectedRows ?? null
  return [
    ...(count === null ? [] : [`It would change ${countOf(count, 'row')}.`]),
    `It waits as ${id} until ${expiresAt.slice(0, 16).replace('T', ' ')}; once another person approves, it is run.`,
    `  they: aishell approvals approve ${id}`,
    `  you:  ${look}`,
  ]
}

export function writtenLine(affectedRows: number | null): string {
  return affectedRows === null ? 'Committed.' : `Committed: ${countOf(affectedRows, 'row')} changed.`
}
