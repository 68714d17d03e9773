import type { ApprovalBody } from '../../../contract/index.ts'
import { countOf } from './answer-words.ts'
import { printable, printableLines } from './printable.ts'

export const approvalColumns = ['id', 'state', 'connection', 'asked by', 'asked', 'statement'].map((name) => ({ name }))

export function approvalRow({ id, state, connection, requestedBy, requestedAt, sql }: ApprovalBody): string[] {
  return [id, state, connection.name, requestedBy.name, shortTime(requestedAt), printable(sql.replaceAll(/\s+/g, ' ').slice(0, 80))]
}

/** All a person needs to decide, or to see how it went. */
export function approvalLines(approval: ApprovalBody): string[] {
  const { requestedBy, decidedBy, dryRun } = approval
  const lines: (readonly [string, string] | null)[] = [
    ['request', `${approval.id} (${approval.state})`],
    ['connection', approval.connection.name],
    ['asked by', `${requestedBy.name} (${requestedBy.kind}, ${requestedBy.surface}) at ${shortTime(approval.requestedAt)}`],
    approval.state === 'requested' ? ['waits until', shortTime(approval.expiresAt)] : null,
    ...approval.writes.map(
      ({ verb, table, columns, isWhole }) =>
        ['changes', `${verb} ${table}${columns.length === 0 ? '' : ` (${columns.join(', ')})`}${isWhole ? ', every row' : ''}`] as const,
    ),
    dryRun === null
      ? null
      : ['dry run', `${dryRun.affectedRows === null ? 'not counted' : countOf(dryRun.affectedRows, 'row')}. ${dryRun.notes.join(' ')}`],
    ...approval.reasons.map((reason) => ['note', reason.message] as const),
    decidedBy === null
      ? null
      : [approval.state === 'rejected' ? 'rejected by' : 'approved by', `${decidedBy.name} at ${shortTime(approval.decidedAt ?? '')}`],
    approval.comment === null ? null : ['comment', approval.comment],
    approval.state === 'executed'
      ? ['changed', approval.affectedRows === null ? 'rows; the database does not tell how many' : countOf(approval.affectedRows, 'row')]
      : null,
    approval.failure === null ? null : ['why', `${approval.failure.message} [${approval.failure.code}]`],
  ]
  const told = lines.filter((line) => line !== null).map(([name, text]) => `${name.padEnd(12)} ${printable(text)}`)
  const params = approval.params.map((param, at) => `  $${at + 1} = ${param === null ? 'NULL' : `'${printable(param)}'`}`)
  return [...told, '', ...printableLines(approval.sql.trimEnd()).map((line) => `  ${line}`), ...params]
}

function shortTime(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ')
}
