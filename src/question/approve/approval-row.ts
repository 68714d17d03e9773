import type { ActorKind, StatementClass, Surface, Verdict } from '../../domain/index.ts'
import type { ApprovalBody } from '../../contract/index.ts'
import type { Query } from '../../platform/store/index.ts'

export type ApprovalRow = Awaited<ReturnType<typeof oneRow>>

/** For its type: a whole row as the store gives it. */
function oneRow(query: Query) {
  return query.selectFrom('approval').selectAll().executeTakeFirstOrThrow()
}

/** A request as people see it. One that has waited too long is expired, also before a sweep has come by. */
export function approvalBody(row: ApprovalRow, now: Date): ApprovalBody {
  const verdict = row.verdict as Pick<Verdict, 'reasons' | 'writes'> // written from a Verdict, and never changed
  const isLate = row.state === 'requested' && row.expires_at <= now
  return {
    id: row.approval_id,
    state: isLate ? 'expired' : (row.state as ApprovalBody['state']), // the table's CHECK knows no other
    connection: { id: row.connection_id, name: row.connection_name },
    question: row.question_id,
    sql: row.sql,
    params: row.params as ApprovalBody['params'],
    class: row.class as StatementClass,
    hash: row.hash,
    writes: verdict.writes ?? [],
    reasons: verdict.reasons,
    dryRun: row.dry_run as ApprovalBody['dryRun'],
    requestedBy: {
      memberId: row.requester_id,
      name: row.requester_name,
      surface: row.requester_surface as Surface,
      kind: row.requester_kind as ActorKind,
    },
    requestedAt: row.requested_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    decidedBy:
      row.decided_by === null || row.decided_at === null
        ? null
        : { memberId: row.decided_by, name: row.decided_name ?? '', surface: row.decided_surface as Surface },
    decidedAt: row.decided_at?.toISOString() ?? null,
    comment: row.comment,
    execution: row.execution_id,
    startedAt: row.started_at?.toISOString() ?? null,
    endedAt: row.ended_at?.toISOString() ?? null,
    affectedRows: row.affected_rows === null ? null : Number(row.affected_rows),
    failure: row.failure_code === null ? null : { code: row.failure_code, message: row.failure_message ?? '' },
  }
}
