import type { ColumnType, Generated } from 'kysely'

type Time = ColumnType<Date, Date | string, Date | string>
/** Filled in by the store unless given. */
type StampedTime = ColumnType<Date, Date | string | undefined, Date | string>

/** Rows of what is kept of people and their credentials. */
export interface IdentityTables {
  readonly role: RoleTable
  readonly member_group: MemberGroupTable
  readonly group_member: GroupMemberTable
  readonly password: PasswordTable
  readonly invitation: InvitationTable
  readonly outside_identity: OutsideIdentityTable
  readonly session: SessionTable
  readonly known_device: KnownDeviceTable
  readonly sign_in_failure: SignInFailureTable
  readonly device_login: DeviceLoginTable
}

interface RoleTable {
  tenant_id: string
  name: string
  description: string
  grants: ColumnType<unknown, string, string>
  updated_at: StampedTime
}

interface MemberGroupTable {
  tenant_id: string
  name: string
  description: string
  roles: string[]
  updated_at: StampedTime
}

interface GroupMemberTable {
  tenant_id: string
  group_name: string
  member_id: string
  origin: 'local' | 'oidc'
}

interface PasswordTable {
  tenant_id: string
  member_id: string
  hash: string
  changed_at: StampedTime
}

interface InvitationTable {
  tenant_id: string
  invitation_id: string
  member_id: string
  hash: Buffer
  created_at: StampedTime
  expires_at: Time
  used_at: Time | null
}

interface OutsideIdentityTable {
  tenant_id: string
  issuer: string
  subject: string
  member_id: string
  created_at: StampedTime
}

interface SessionTable {
  tenant_id: string
  session_id: string
  member_id: string
  hash: Buffer
  method: 'password' | 'invitation' | 'oidc'
  created_at: StampedTime
  seen_at: StampedTime
  expires_at: Time
  revoked_at: Time | null
  client: string
  issuer: string | null
  subject: string | null
  provider_session: string | null
  sealed_hint: Buffer | null
}

interface KnownDeviceTable {
  tenant_id: string
  member_id: string
  hash: Buffer
  seen_at: StampedTime
}

interface SignInFailureTable {
  tenant_id: string
  key: Buffer
  failures: number
  last_at: Time
}

interface DeviceLoginTable {
  tenant_id: string
  device_login_id: string
  hash: Buffer
  user_code: string
  client: string
  created_at: StampedTime
  expires_at: Time
  polled_at: Time | null
  interval_s: number
  state: Generated<'pending' | 'confirmed' | 'denied' | 'used'>
  member_id: string | null
}
