import { createHash } from 'node:crypto'
import { sealStatement } from '../../domain/approved-statement.ts'
import { assertGranted, type ApprovedFields, type GrantedApproval, type Reason } from '../../domain/index.ts'
import type { Approvable } from './guard.ts'

/** What somebody else may approve: the statement as it would run, bound to all that its verdict rests on. */
export function approvable(fields: ApprovedFields): Approvable {
  const { catalogVersion, policyVersion } = fields
  const dryRun = fields.access === 'write' ? sealStatement({ ...fields, access: 'dry-run' }) : null
  return { hash: statementHash(fields), class: fields.class, catalogVersion, policyVersion, dryRun }
}

/** Text, values, connection and the versions of schema and policy; another of any of them is another statement. */
export function statementHash(fields: ApprovedFields): string {
  const { sql, params, connectionId, catalogVersion, policyVersion, access } = fields
  const bound = ['aishell approval 1', access, connectionId, catalogVersion, policyVersion, sql, params]
  return createHash('sha256').update(JSON.stringify(bound)).digest('hex')
}

/** Whether a consent is to this very statement. */
export function isGranted(approval: GrantedApproval, statement: Approvable): boolean {
  assertGranted(approval)
  return approval.hash === statement.hash
}

export const approvalVoid: Reason = {
  code: 'guard.approval-void',
  message: 'The schema of the database or the policy of the connection has changed since this was asked for, so the approval is void.',
  hint: 'Ask again: the statement is judged anew and a new request is made.',
}
