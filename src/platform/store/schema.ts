import type { ColumnType, Generated } from 'kysely'
import type { IdentityTables } from './identity-schema.ts'

/** Sent as text or Date, read as Date. */
type Time = ColumnType<Date, Date | string, Date | string>
/** The same, filled in by the store unless given. */
type StampedTime = ColumnType<Date, Date | string | undefined, Date | string>

/** Rows of the metadata tables, one interface per table, in the order of the migrations. */
export interface Database extends IdentityTables {
  readonly tenant: TenantTable
  readonly member: MemberTable
  readonly token: TokenTable
  readonly connection: ConnectionTable
  readonly policy: PolicyTable
  readonly record_link: RecordLinkTable
  readonly record_open: RecordOpenTable
  readonly record_head: RecordHeadTable
  readonly server_instance: ServerInstanceTable
  readonly record_checkpoint: RecordCheckpointTable
  readonly record_tombstone: RecordTombstoneTable
  readonly tenant_usage: TenantUsageTable
  readonly tenant_model: TenantModelTable
  readonly platform_operator: PlatformOperatorTable
  readonly erased_tenant: ErasedTenantTable
  readonly erased_member: ErasedMemberTable
  readonly approval: ApprovalTable
}

interface TenantTable {
  tenant_id: string
  name: string
  wrapped_key: Buffer | null
  created_at: StampedTime
  state: Generated<string>
  suspended_at: Generated<Date | null>
  quotas: ColumnType<unknown, string | undefined, string>
}

interface MemberTable {
  tenant_id: string
  member_id: string
  name: string
  kind: Generated<'person' | 'service'>
  role: string
  created_at: StampedTime
  disabled_at: Time | null
}

interface TokenTable {
  tenant_id: string
  token_id: string
  member_id: string
  name: string
  kind: string
  role: string | null
  verbs: string[] | null
  connections: string[] | null
  hash: Buffer
  created_at: StampedTime
  expires_at: Time
  last_used_at: Time | null
  revoked_at: Time | null
}

interface ConnectionTable {
  tenant_id: string
  connection_id: string
  name: string
  description: string
  engine: string
  target: ColumnType<unknown, string, string>
  labels: Generated<string[]>
  sealed_password: Buffer | null
  secret_version: number
  writer: ColumnType<unknown, string | null, string | null>
  sealed_writer_password: Buffer | null
  writer_secret_version: Generated<number>
  created_at: StampedTime
  updated_at: StampedTime
}

interface PolicyTable {
  tenant_id: string
  connection_id: string
  body: ColumnType<unknown, string, string>
  updated_at: StampedTime
}

interface RecordLinkTable {
  tenant_id: string
  sequence: string
  entry_id: string
  kind: string
  at: Time
  member_id: string | null
  connection: string | null
  body: string
  mac: Buffer
}

interface RecordOpenTable {
  tenant_id: string
  entry_id: string
  server_id: string
}

interface RecordHeadTable {
  tenant_id: string
  sequence: string
  mac: Buffer
}

interface ApprovalTable {
  tenant_id: string
  approval_id: string
  state: ColumnType<string, string | undefined, string>
  connection_id: string
  connection_name: string
  sql: string
  params: ColumnType<unknown, string, never>
  class: string
  hash: string
  catalog_version: string
  policy_version: string
  limits: ColumnType<unknown, string, never>
  verdict: ColumnType<unknown, string, never>
  dry_run: ColumnType<unknown, string | null, never>
  question_id: string
  requester_id: string
  requester_name: string
  requester_kind: string
  requester_surface: string
  requester_credential: string | null
  requested_at: StampedTime
  expires_at: Time
  decided_by: ColumnType<string | null, never, string>
  decided_name: ColumnType<string | null, never, string>
  decided_surface: ColumnType<string | null, never, string>
  decided_credential: ColumnType<string | null, never, string | null>
  decided_at: ColumnType<Date | null, never, Date | null>
  comment: ColumnType<string | null, never, string | null>
  execution_id: ColumnType<string | null, never, string>
  server_id: ColumnType<string | null, never, string>
  started_at: ColumnType<Date | null, never, Date>
  beat_at: ColumnType<Date | null, never, Date>
  committing_at: ColumnType<Date | null, never, Date>
  marker: ColumnType<string | null, never, string | null>
  affected_rows: ColumnType<string | null, never, number | null>
  failure_code: ColumnType<string | null, never, string | null>
  failure_message: ColumnType<string | null, never, string | null>
  ended_at: ColumnType<Date | null, never, Date>
}

interface ServerInstanceTable {
  server_id: string
  started_at: StampedTime
  beat_at: StampedTime
}

interface RecordCheckpointTable {
  tenant_id: string
  sequence: string
  body: string
  signature: Buffer
  published_at: Time | null
}

interface RecordTombstoneTable {
  tenant_id: string
  through: string
  body: string
  signature: Buffer
}

interface TenantUsageTable {
  tenant_id: string
  day: ColumnType<string, string, string>
  questions: string
  rows: string
  model_tokens: string
}

interface TenantModelTable {
  tenant_id: string
  provider: string
  model: string
  base_url: string | null
  sealed_key: Buffer | null
  key_version: number
  updated_at: StampedTime
}

interface PlatformOperatorTable {
  tenant_id: string
  member_id: string
  added_at: StampedTime
}

interface ErasedTenantTable {
  tenant_id: string
  erased_tenant_id: string
  proof: string
  signature: Buffer
}

interface ErasedMemberTable {
  tenant_id: string
  erased_member_id: string
  proof: string
  signature: Buffer
}
