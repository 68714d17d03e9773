CREATE TABLE approval (
  tenant_id uuid NOT NULL,
  approval_id uuid NOT NULL,
  state text NOT NULL DEFAULT 'requested'::text,
  connection_id text NOT NULL,
  connection_name text NOT NULL,
  sql text NOT NULL,
  params jsonb NOT NULL,
  class text NOT NULL,
  hash text NOT NULL,
  catalog_version text NOT NULL,
  policy_version text NOT NULL,
  limits jsonb NOT NULL,
  verdict jsonb NOT NULL,
  dry_run jsonb,
  question_id uuid NOT NULL,
  requester_id uuid NOT NULL,
  requester_name text NOT NULL,
  requester_kind text NOT NULL,
  requester_surface text NOT NULL,
  requester_credential uuid,
  requested_at timestamp with time zone NOT NULL DEFAULT now(),
  expires_at timestamp with time zone NOT NULL,
  decided_by uuid,
  decided_name text,
  decided_surface text,
  decided_credential uuid,
  decided_at timestamp with time zone,
  comment text,
  execution_id uuid,
  server_id uuid,
  started_at timestamp with time zone,
  beat_at timestamp with time zone,
  committing_at timestamp with time zone,
  marker text,
  affected_rows bigint,
  failure_code text,
  failure_message text,
  ended_at timestamp with time zone,
  CONSTRAINT approval_check CHECK (((state <> ALL (ARRAY['approved'::text, 'executing'::text, 'executed'::text, 'failed'::text, 'unknown'::text])) OR ((decided_by IS NOT NULL) AND (decided_by <> requester_id)))),
  CONSTRAINT approval_check1 CHECK (((state <> ALL (ARRAY['executing'::text, 'executed'::text, 'unknown'::text])) OR (execution_id IS NOT NULL))),
  CONSTRAINT approval_requester_kind_check CHECK ((requester_kind = ANY (ARRAY['person'::text, 'agent'::text, 'service'::text]))),
  CONSTRAINT approval_state_check CHECK ((state = ANY (ARRAY['requested'::text, 'approved'::text, 'rejected'::text, 'expired'::text, 'cancelled'::text, 'executing'::text, 'executed'::text, 'failed'::text, 'unknown'::text]))),
  CONSTRAINT approval_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id) ON DELETE CASCADE,
  CONSTRAINT approval_tenant_id_requester_id_fkey FOREIGN KEY (tenant_id, requester_id) REFERENCES member(tenant_id, member_id) ON DELETE CASCADE,
  CONSTRAINT approval_pkey PRIMARY KEY (tenant_id, approval_id),
  CONSTRAINT approval_tenant_id_execution_id_key UNIQUE (tenant_id, execution_id)
);
CREATE INDEX approval_newest ON public.approval USING btree (tenant_id, requested_at DESC, approval_id DESC);
CREATE INDEX approval_open ON public.approval USING btree (tenant_id, state) WHERE (state = ANY (ARRAY['requested'::text, 'approved'::text, 'executing'::text]));
CREATE UNIQUE INDEX approval_waiting ON public.approval USING btree (tenant_id, requester_id, requester_credential, hash) NULLS NOT DISTINCT WHERE (state = 'requested'::text);
ALTER TABLE approval ENABLE ROW LEVEL SECURITY;
ALTER TABLE approval FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_select ON approval FOR SELECT TO owner USING true;
CREATE POLICY tenant_delete ON approval FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON approval FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON approval FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON approval FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT INSERT, SELECT ON approval TO aishell_runtime;

CREATE TABLE connection (
  tenant_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  name text NOT NULL,
  description text NOT NULL DEFAULT ''::text,
  engine text NOT NULL,
  target jsonb NOT NULL,
  sealed_password bytea,
  secret_version integer NOT NULL DEFAULT 1,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  labels text[] NOT NULL DEFAULT '{}'::text[],
  writer jsonb,
  sealed_writer_password bytea,
  writer_secret_version integer NOT NULL DEFAULT 0,
  CONSTRAINT connection_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  CONSTRAINT connection_pkey PRIMARY KEY (tenant_id, connection_id)
);
CREATE UNIQUE INDEX connection_name ON public.connection USING btree (tenant_id, lower(name));
ALTER TABLE connection ENABLE ROW LEVEL SECURITY;
ALTER TABLE connection FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_delete ON connection FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON connection FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON connection FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON connection FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT DELETE, INSERT, SELECT, UPDATE ON connection TO aishell_runtime;

CREATE TABLE device_login (
  tenant_id uuid NOT NULL,
  device_login_id uuid NOT NULL,
  hash bytea NOT NULL,
  user_code text NOT NULL,
  client text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  expires_at timestamp with time zone NOT NULL,
  polled_at timestamp with time zone,
  interval_s integer NOT NULL,
  state text NOT NULL DEFAULT 'pending'::text,
  member_id uuid,
  CONSTRAINT device_login_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'confirmed'::text, 'denied'::text, 'used'::text]))),
  CONSTRAINT device_login_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id) ON DELETE CASCADE,
  CONSTRAINT device_login_tenant_id_member_id_fkey FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id) ON DELETE CASCADE,
  CONSTRAINT device_login_pkey PRIMARY KEY (tenant_id, device_login_id),
  CONSTRAINT device_login_hash_key UNIQUE (hash),
  CONSTRAINT device_login_tenant_id_user_code_key UNIQUE (tenant_id, user_code)
);
ALTER TABLE device_login ENABLE ROW LEVEL SECURITY;
ALTER TABLE device_login FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_select ON device_login FOR SELECT TO owner USING true;
CREATE POLICY tenant_delete ON device_login FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON device_login FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON device_login FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON device_login FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT DELETE, INSERT, SELECT, UPDATE ON device_login TO aishell_runtime;

CREATE TABLE erased_member (
  tenant_id uuid NOT NULL,
  erased_member_id uuid NOT NULL,
  proof text NOT NULL,
  signature bytea NOT NULL,
  CONSTRAINT erased_member_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  CONSTRAINT erased_member_pkey PRIMARY KEY (tenant_id, erased_member_id)
);
ALTER TABLE erased_member ENABLE ROW LEVEL SECURITY;
ALTER TABLE erased_member FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_delete ON erased_member FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON erased_member FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON erased_member FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON erased_member FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT INSERT, SELECT ON erased_member TO aishell_runtime;

CREATE TABLE erased_tenant (
  tenant_id uuid NOT NULL,
  erased_tenant_id uuid NOT NULL,
  proof text NOT NULL,
  signature bytea NOT NULL,
  CONSTRAINT erased_tenant_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  CONSTRAINT erased_tenant_pkey PRIMARY KEY (tenant_id, erased_tenant_id)
);
ALTER TABLE erased_tenant ENABLE ROW LEVEL SECURITY;
ALTER TABLE erased_tenant FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_delete ON erased_tenant FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON erased_tenant FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON erased_tenant FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON erased_tenant FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT INSERT, SELECT ON erased_tenant TO aishell_runtime;

CREATE TABLE group_member (
  tenant_id uuid NOT NULL,
  group_name text NOT NULL,
  member_id uuid NOT NULL,
  origin text NOT NULL,
  CONSTRAINT group_member_origin_check CHECK ((origin = ANY (ARRAY['local'::text, 'oidc'::text]))),
  CONSTRAINT group_member_tenant_id_group_name_fkey FOREIGN KEY (tenant_id, group_name) REFERENCES member_group(tenant_id, name) ON DELETE CASCADE,
  CONSTRAINT group_member_tenant_id_member_id_fkey FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id) ON DELETE CASCADE,
  CONSTRAINT group_member_pkey PRIMARY KEY (tenant_id, group_name, member_id, origin)
);
CREATE INDEX group_member_member ON public.group_member USING btree (tenant_id, member_id);
ALTER TABLE group_member ENABLE ROW LEVEL SECURITY;
ALTER TABLE group_member FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_select ON group_member FOR SELECT TO owner USING true;
CREATE POLICY tenant_delete ON group_member FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON group_member FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON group_member FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON group_member FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT DELETE, INSERT, SELECT, UPDATE ON group_member TO aishell_runtime;

CREATE TABLE invitation (
  tenant_id uuid NOT NULL,
  invitation_id uuid NOT NULL,
  member_id uuid NOT NULL,
  hash bytea NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  expires_at timestamp with time zone NOT NULL,
  used_at timestamp with time zone,
  CONSTRAINT invitation_tenant_id_member_id_fkey FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id) ON DELETE CASCADE,
  CONSTRAINT invitation_pkey PRIMARY KEY (tenant_id, invitation_id),
  CONSTRAINT invitation_hash_key UNIQUE (hash)
);
ALTER TABLE invitation ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitation FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_select ON invitation FOR SELECT TO owner USING true;
CREATE POLICY tenant_delete ON invitation FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON invitation FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON invitation FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON invitation FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT DELETE, INSERT, SELECT, UPDATE ON invitation TO aishell_runtime;

CREATE TABLE known_device (
  tenant_id uuid NOT NULL,
  member_id uuid NOT NULL,
  hash bytea NOT NULL,
  seen_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT known_device_tenant_id_member_id_fkey FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id) ON DELETE CASCADE,
  CONSTRAINT known_device_pkey PRIMARY KEY (tenant_id, member_id, hash)
);
ALTER TABLE known_device ENABLE ROW LEVEL SECURITY;
ALTER TABLE known_device FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_delete ON known_device FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON known_device FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON known_device FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON known_device FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT DELETE, INSERT, SELECT, UPDATE ON known_device TO aishell_runtime;

CREATE TABLE member (
  tenant_id uuid NOT NULL,
  member_id uuid NOT NULL,
  name text NOT NULL,
  role text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  disabled_at timestamp with time zone,
  kind text NOT NULL DEFAULT 'person'::text,
  CONSTRAINT member_kind_check CHECK ((kind = ANY (ARRAY['person'::text, 'service'::text]))),
  CONSTRAINT member_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  CONSTRAINT member_pkey PRIMARY KEY (tenant_id, member_id),
  CONSTRAINT member_tenant_id_name_key UNIQUE (tenant_id, name)
);
ALTER TABLE member ENABLE ROW LEVEL SECURITY;
ALTER TABLE member FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_select ON member FOR SELECT TO owner USING true;
CREATE POLICY tenant_delete ON member FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON member FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON member FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON member FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT DELETE, INSERT, SELECT, UPDATE ON member TO aishell_runtime;

CREATE TABLE member_group (
  tenant_id uuid NOT NULL,
  name text NOT NULL,
  description text NOT NULL DEFAULT ''::text,
  roles text[] NOT NULL DEFAULT '{}'::text[],
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT member_group_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  CONSTRAINT member_group_pkey PRIMARY KEY (tenant_id, name)
);
ALTER TABLE member_group ENABLE ROW LEVEL SECURITY;
ALTER TABLE member_group FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_select ON member_group FOR SELECT TO owner USING true;
CREATE POLICY tenant_delete ON member_group FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON member_group FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON member_group FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON member_group FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT DELETE, INSERT, SELECT, UPDATE ON member_group TO aishell_runtime;

CREATE TABLE outside_identity (
  tenant_id uuid NOT NULL,
  issuer text NOT NULL,
  subject text NOT NULL,
  member_id uuid NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT outside_identity_tenant_id_member_id_fkey FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id) ON DELETE CASCADE,
  CONSTRAINT outside_identity_pkey PRIMARY KEY (tenant_id, issuer, subject)
);
ALTER TABLE outside_identity ENABLE ROW LEVEL SECURITY;
ALTER TABLE outside_identity FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_delete ON outside_identity FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON outside_identity FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON outside_identity FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON outside_identity FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT DELETE, INSERT, SELECT, UPDATE ON outside_identity TO aishell_runtime;

CREATE TABLE password (
  tenant_id uuid NOT NULL,
  member_id uuid NOT NULL,
  hash text NOT NULL,
  changed_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT password_tenant_id_member_id_fkey FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id) ON DELETE CASCADE,
  CONSTRAINT password_pkey PRIMARY KEY (tenant_id, member_id)
);
ALTER TABLE password ENABLE ROW LEVEL SECURITY;
ALTER TABLE password FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_delete ON password FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON password FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON password FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON password FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT DELETE, INSERT, SELECT, UPDATE ON password TO aishell_runtime;

CREATE TABLE platform_operator (
  tenant_id uuid NOT NULL,
  member_id uuid NOT NULL,
  added_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT platform_operator_tenant_id_member_id_fkey FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id) ON DELETE CASCADE,
  CONSTRAINT platform_operator_pkey PRIMARY KEY (tenant_id, member_id)
);
ALTER TABLE platform_operator ENABLE ROW LEVEL SECURITY;
ALTER TABLE platform_operator FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_delete ON platform_operator FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON platform_operator FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON platform_operator FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON platform_operator FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT DELETE, INSERT, SELECT, UPDATE ON platform_operator TO aishell_runtime;

CREATE TABLE policy (
  tenant_id uuid NOT NULL,
  connection_id text NOT NULL,
  body jsonb NOT NULL,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT policy_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  CONSTRAINT policy_pkey PRIMARY KEY (tenant_id, connection_id)
);
ALTER TABLE policy ENABLE ROW LEVEL SECURITY;
ALTER TABLE policy FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_delete ON policy FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON policy FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON policy FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON policy FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT DELETE, INSERT, SELECT, UPDATE ON policy TO aishell_runtime;

CREATE TABLE record_checkpoint (
  tenant_id uuid NOT NULL,
  sequence bigint NOT NULL,
  body text NOT NULL,
  signature bytea NOT NULL,
  published_at timestamp with time zone,
  CONSTRAINT record_checkpoint_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  CONSTRAINT record_checkpoint_pkey PRIMARY KEY (tenant_id, sequence)
);
CREATE INDEX record_checkpoint_unpublished ON public.record_checkpoint USING btree (tenant_id, sequence) WHERE (published_at IS NULL);
ALTER TABLE record_checkpoint ENABLE ROW LEVEL SECURITY;
ALTER TABLE record_checkpoint FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_select ON record_checkpoint FOR SELECT TO owner USING true;
CREATE POLICY tenant_delete ON record_checkpoint FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON record_checkpoint FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON record_checkpoint FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON record_checkpoint FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT INSERT, SELECT ON record_checkpoint TO aishell_runtime;

CREATE TABLE record_head (
  tenant_id uuid NOT NULL,
  sequence bigint NOT NULL,
  mac bytea NOT NULL,
  CONSTRAINT record_head_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  CONSTRAINT record_head_pkey PRIMARY KEY (tenant_id)
);
ALTER TABLE record_head ENABLE ROW LEVEL SECURITY;
ALTER TABLE record_head FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_select ON record_head FOR SELECT TO owner USING true;
CREATE POLICY tenant_delete ON record_head FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON record_head FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON record_head FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON record_head FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT INSERT, SELECT, UPDATE ON record_head TO aishell_runtime;

CREATE TABLE record_link (
  tenant_id uuid NOT NULL,
  sequence bigint NOT NULL,
  entry_id uuid NOT NULL,
  kind text NOT NULL,
  at timestamp with time zone NOT NULL,
  member_id uuid,
  connection text,
  body text NOT NULL,
  mac bytea NOT NULL,
  CONSTRAINT record_link_kind_check CHECK ((kind = ANY (ARRAY['intent'::text, 'attempt'::text, 'outcome'::text, 'note'::text]))),
  CONSTRAINT record_link_pkey PRIMARY KEY (tenant_id, sequence)
);
CREATE INDEX record_link_attempt ON public.record_link USING btree (tenant_id, entry_id, sequence) WHERE (kind = 'attempt'::text);
CREATE INDEX record_link_connection ON public.record_link USING btree (tenant_id, connection, sequence) WHERE (kind = 'intent'::text);
CREATE UNIQUE INDEX record_link_intent ON public.record_link USING btree (tenant_id, entry_id) WHERE (kind = 'intent'::text);
CREATE INDEX record_link_member ON public.record_link USING btree (tenant_id, member_id, sequence) WHERE (kind = 'intent'::text);
CREATE UNIQUE INDEX record_link_outcome ON public.record_link USING btree (tenant_id, entry_id) WHERE (kind = 'outcome'::text);
ALTER TABLE record_link ENABLE ROW LEVEL SECURITY;
ALTER TABLE record_link FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_delete ON record_link FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON record_link FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON record_link FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON record_link FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT INSERT, SELECT ON record_link TO aishell_runtime;

CREATE TABLE record_open (
  tenant_id uuid NOT NULL,
  entry_id uuid NOT NULL,
  server_id uuid NOT NULL,
  CONSTRAINT record_open_pkey PRIMARY KEY (tenant_id, entry_id)
);
ALTER TABLE record_open ENABLE ROW LEVEL SECURITY;
ALTER TABLE record_open FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_select ON record_open FOR SELECT TO owner USING true;
CREATE POLICY tenant_delete ON record_open FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON record_open FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON record_open FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON record_open FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT DELETE, INSERT, SELECT ON record_open TO aishell_runtime;

CREATE TABLE record_tombstone (
  tenant_id uuid NOT NULL,
  through bigint NOT NULL,
  body text NOT NULL,
  signature bytea NOT NULL,
  CONSTRAINT record_tombstone_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  CONSTRAINT record_tombstone_pkey PRIMARY KEY (tenant_id, through)
);
ALTER TABLE record_tombstone ENABLE ROW LEVEL SECURITY;
ALTER TABLE record_tombstone FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_delete ON record_tombstone FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON record_tombstone FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON record_tombstone FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON record_tombstone FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT INSERT, SELECT ON record_tombstone TO aishell_runtime;

CREATE TABLE role (
  tenant_id uuid NOT NULL,
  name text NOT NULL,
  description text NOT NULL DEFAULT ''::text,
  grants jsonb NOT NULL,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT role_name_check CHECK ((name <> ALL (ARRAY['reader'::text, 'editor'::text, 'admin'::text]))),
  CONSTRAINT role_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  CONSTRAINT role_pkey PRIMARY KEY (tenant_id, name)
);
ALTER TABLE role ENABLE ROW LEVEL SECURITY;
ALTER TABLE role FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_select ON role FOR SELECT TO owner USING true;
CREATE POLICY tenant_delete ON role FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON role FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON role FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON role FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT DELETE, INSERT, SELECT, UPDATE ON role TO aishell_runtime;

CREATE TABLE schema_migration (
  name text NOT NULL,
  digest text NOT NULL,
  applied_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT schema_migration_pkey PRIMARY KEY (name)
);
GRANT SELECT ON schema_migration TO aishell_runtime;

CREATE TABLE server_instance (
  server_id uuid NOT NULL,
  started_at timestamp with time zone NOT NULL DEFAULT now(),
  beat_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT server_instance_pkey PRIMARY KEY (server_id)
);
GRANT DELETE, INSERT, SELECT, UPDATE ON server_instance TO aishell_runtime;

CREATE TABLE session (
  tenant_id uuid NOT NULL,
  session_id uuid NOT NULL,
  member_id uuid NOT NULL,
  hash bytea NOT NULL,
  method text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  seen_at timestamp with time zone NOT NULL DEFAULT now(),
  expires_at timestamp with time zone NOT NULL,
  revoked_at timestamp with time zone,
  client text NOT NULL DEFAULT ''::text,
  issuer text,
  subject text,
  provider_session text,
  sealed_hint bytea,
  CONSTRAINT session_method_check CHECK ((method = ANY (ARRAY['password'::text, 'invitation'::text, 'oidc'::text]))),
  CONSTRAINT session_tenant_id_member_id_fkey FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id) ON DELETE CASCADE,
  CONSTRAINT session_pkey PRIMARY KEY (tenant_id, session_id),
  CONSTRAINT session_hash_key UNIQUE (hash)
);
CREATE INDEX session_member ON public.session USING btree (tenant_id, member_id);
CREATE INDEX session_provider ON public.session USING btree (issuer, subject) WHERE (issuer IS NOT NULL);
ALTER TABLE session ENABLE ROW LEVEL SECURITY;
ALTER TABLE session FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_select ON session FOR SELECT TO owner USING true;
CREATE POLICY owner_update ON session FOR UPDATE TO owner USING (issuer IS NOT NULL) WITH CHECK (issuer IS NOT NULL);
CREATE POLICY tenant_delete ON session FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON session FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON session FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON session FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT DELETE, INSERT, SELECT, UPDATE ON session TO aishell_runtime;

CREATE TABLE sign_in_failure (
  tenant_id uuid NOT NULL,
  key bytea NOT NULL,
  failures integer NOT NULL,
  last_at timestamp with time zone NOT NULL,
  CONSTRAINT sign_in_failure_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id) ON DELETE CASCADE,
  CONSTRAINT sign_in_failure_pkey PRIMARY KEY (tenant_id, key)
);
CREATE INDEX sign_in_failure_age ON public.sign_in_failure USING btree (tenant_id, last_at);
ALTER TABLE sign_in_failure ENABLE ROW LEVEL SECURITY;
ALTER TABLE sign_in_failure FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_delete ON sign_in_failure FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON sign_in_failure FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON sign_in_failure FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON sign_in_failure FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT DELETE, INSERT, SELECT, UPDATE ON sign_in_failure TO aishell_runtime;

CREATE TABLE tenant (
  tenant_id uuid NOT NULL,
  name text NOT NULL,
  wrapped_key bytea,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  state text NOT NULL DEFAULT 'active'::text,
  suspended_at timestamp with time zone,
  quotas jsonb NOT NULL DEFAULT '{}'::jsonb,
  CONSTRAINT tenant_state_check CHECK ((state = ANY (ARRAY['active'::text, 'suspended'::text]))),
  CONSTRAINT tenant_pkey PRIMARY KEY (tenant_id),
  CONSTRAINT tenant_name_key UNIQUE (name)
);
ALTER TABLE tenant ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_select ON tenant FOR SELECT TO owner USING true;
CREATE POLICY tenant_delete ON tenant FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON tenant FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON tenant FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON tenant FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT INSERT, SELECT, UPDATE ON tenant TO aishell_runtime;

CREATE TABLE tenant_model (
  tenant_id uuid NOT NULL,
  provider text NOT NULL,
  model text NOT NULL,
  base_url text,
  sealed_key bytea,
  key_version integer NOT NULL DEFAULT 1,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT tenant_model_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  CONSTRAINT tenant_model_pkey PRIMARY KEY (tenant_id)
);
ALTER TABLE tenant_model ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_model FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_delete ON tenant_model FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON tenant_model FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON tenant_model FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON tenant_model FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT DELETE, INSERT, SELECT, UPDATE ON tenant_model TO aishell_runtime;

CREATE TABLE tenant_usage (
  tenant_id uuid NOT NULL,
  day date NOT NULL,
  questions bigint NOT NULL DEFAULT 0,
  rows bigint NOT NULL DEFAULT 0,
  model_tokens bigint NOT NULL DEFAULT 0,
  CONSTRAINT tenant_usage_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  CONSTRAINT tenant_usage_pkey PRIMARY KEY (tenant_id, day)
);
ALTER TABLE tenant_usage ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_usage FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_delete ON tenant_usage FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON tenant_usage FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON tenant_usage FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON tenant_usage FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT INSERT, SELECT, UPDATE ON tenant_usage TO aishell_runtime;

CREATE TABLE token (
  tenant_id uuid NOT NULL,
  token_id uuid NOT NULL,
  member_id uuid NOT NULL,
  name text NOT NULL,
  kind text NOT NULL,
  role text,
  verbs text[],
  connections text[],
  hash bytea NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  expires_at timestamp with time zone NOT NULL,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  CONSTRAINT token_kind_check CHECK ((kind = ANY (ARRAY['person'::text, 'agent'::text, 'service'::text]))),
  CONSTRAINT token_tenant_id_member_id_fkey FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id),
  CONSTRAINT token_pkey PRIMARY KEY (tenant_id, token_id),
  CONSTRAINT token_hash_key UNIQUE (hash)
);
ALTER TABLE token ENABLE ROW LEVEL SECURITY;
ALTER TABLE token FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_select ON token FOR SELECT TO owner USING true;
CREATE POLICY tenant_delete ON token FOR DELETE TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON token FOR INSERT TO public WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_select ON token FOR SELECT TO public USING (tenant_id = current_tenant());
CREATE POLICY tenant_update ON token FOR UPDATE TO public USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT DELETE, INSERT, SELECT, UPDATE ON token TO aishell_runtime;

CREATE OR REPLACE FUNCTION public.current_tenant()
 RETURNS uuid
 LANGUAGE sql
 STABLE
AS $function$ SELECT nullif(current_setting('app.tenant_id', true), '')::uuid $function$;
-- may be executed by: aishell_runtime, owner, PUBLIC

CREATE OR REPLACE FUNCTION public.device_login_tenant(wanted_hash bytea)
 RETURNS uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public'
AS $function$ SELECT d.tenant_id FROM public.device_login d WHERE d.hash = wanted_hash $function$;
-- may be executed by: aishell_runtime, owner

CREATE OR REPLACE FUNCTION public.end_provider_sessions(wanted_issuer text, wanted_subject text, wanted_session text)
 RETURNS TABLE(tenant_id uuid, session_id uuid)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public'
AS $function$
    UPDATE public.session s SET revoked_at = now()
    WHERE s.issuer = wanted_issuer AND s.revoked_at IS NULL
      AND (wanted_subject IS NOT NULL OR wanted_session IS NOT NULL)
      AND (wanted_subject IS NULL OR s.subject = wanted_subject)
      AND (wanted_session IS NULL OR s.provider_session = wanted_session)
    RETURNING s.tenant_id, s.session_id
  $function$;
-- may be executed by: aishell_runtime, owner

CREATE OR REPLACE FUNCTION public.end_provider_sessions(wanted_issuer text, wanted_subject text, wanted_session text, said_by timestamp with time zone)
 RETURNS TABLE(tenant_id uuid, session_id uuid)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public'
AS $function$
    UPDATE public.session s SET revoked_at = now()
    WHERE s.issuer = wanted_issuer AND s.revoked_at IS NULL
      AND (wanted_subject IS NOT NULL OR wanted_session IS NOT NULL)
      AND (wanted_subject IS NULL OR s.subject = wanted_subject)
      AND (wanted_session IS NULL OR s.provider_session = wanted_session)
      AND (wanted_session IS NOT NULL OR s.created_at <= said_by)
    RETURNING s.tenant_id, s.session_id
  $function$;
-- may be executed by: aishell_runtime, owner

CREATE OR REPLACE FUNCTION public.find_credential(wanted_hash bytea, wanted_tenant uuid, wanted_session uuid)
 RETURNS TABLE(source text, tenant_id uuid, credential_id uuid, member_id uuid, name text, kind text, role text, verbs text[], connections text[], created_at timestamp with time zone, expires_at timestamp with time zone, last_used_at timestamp with time zone, revoked_at timestamp with time zone, member_name text, member_kind text, disabled_at timestamp with time zone, role_names text[], role_grants jsonb)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public'
AS $function$
    WITH found AS (
      SELECT 'token' AS source, t.tenant_id, t.token_id AS credential_id, t.member_id, t.name, t.kind, t.role, t.verbs, t.connections,
        t.created_at, t.expires_at, t.last_used_at, t.revoked_at
      FROM public.token t WHERE t.hash = wanted_hash
      UNION ALL
      SELECT 'session', s.tenant_id, s.session_id, s.member_id, s.method, 'person', NULL, NULL, NULL, s.created_at, s.expires_at, s.seen_at, s.revoked_at
      FROM public.session s WHERE s.hash = wanted_hash
      UNION ALL
      SELECT 'session', s.tenant_id, s.session_id, s.member_id, s.method, 'person', NULL, NULL, NULL, s.created_at, s.expires_at, s.seen_at, s.revoked_at
      FROM public.session s WHERE s.tenant_id = wanted_tenant AND s.session_id = wanted_session
    )
    SELECT f.*, m.name, m.kind, m.disabled_at, h.names,
      (SELECT coalesce(jsonb_object_agg(r.name, r.grants), '{}') FROM public.role r WHERE r.tenant_id = m.tenant_id AND r.name = ANY (h.names))
    FROM found f
    JOIN public.member m ON m.tenant_id = f.tenant_id AND m.member_id = f.member_id
    CROSS JOIN LATERAL (
      SELECT array_agg(DISTINCT held.name) AS names FROM (
        SELECT m.role AS name
        UNION ALL
        SELECT unnest(g.roles) FROM public.group_member p JOIN public.member_group g ON g.tenant_id = p.tenant_id AND g.name = p.group_name
        WHERE p.tenant_id = m.tenant_id AND p.member_id = m.member_id
      ) AS held
    ) AS h
  $function$;
-- may be executed by: aishell_runtime, owner

CREATE OR REPLACE FUNCTION public.find_token(token_hash bytea)
 RETURNS TABLE(tenant_id uuid, token_id uuid, member_id uuid, member_name text, member_role text, disabled_at timestamp with time zone, name text, kind text, role text, verbs text[], connections text[], expires_at timestamp with time zone, last_used_at timestamp with time zone, revoked_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public'
AS $function$
    SELECT t.tenant_id, t.token_id, t.member_id, m.name, m.role, m.disabled_at, t.name, t.kind, t.role, t.verbs, t.connections, t.expires_at, t.last_used_at, t.revoked_at
    FROM public.token t JOIN public.member m ON m.tenant_id = t.tenant_id AND m.member_id = t.member_id
    WHERE t.hash = token_hash
  $function$;
-- may be executed by: aishell_runtime, owner

CREATE OR REPLACE FUNCTION public.invitation_tenant(wanted_hash bytea)
 RETURNS uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public'
AS $function$ SELECT i.tenant_id FROM public.invitation i WHERE i.hash = wanted_hash $function$;
-- may be executed by: aishell_runtime, owner

CREATE OR REPLACE FUNCTION public.list_tenants()
 RETURNS TABLE(tenant_id uuid, name text, state text, quotas jsonb, created_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public'
AS $function$ SELECT t.tenant_id, t.name, t.state, t.quotas, t.created_at FROM public.tenant t ORDER BY t.name $function$;
-- may be executed by: aishell_runtime, owner

CREATE OR REPLACE FUNCTION public.live_credentials(tenants uuid[], credentials uuid[])
 RETURNS SETOF uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public'
AS $function$
    SELECT w.credential FROM unnest(tenants, credentials) AS w(tenant, credential)
    WHERE EXISTS (
      SELECT FROM public.token t JOIN public.member m ON m.tenant_id = t.tenant_id AND m.member_id = t.member_id
      WHERE t.tenant_id = w.tenant AND t.token_id = w.credential AND t.revoked_at IS NULL AND t.expires_at > now() AND m.disabled_at IS NULL
    ) OR EXISTS (
      SELECT FROM public.session s JOIN public.member m ON m.tenant_id = s.tenant_id AND m.member_id = s.member_id
      WHERE s.tenant_id = w.tenant AND s.session_id = w.credential AND s.revoked_at IS NULL AND s.expires_at > now() AND m.disabled_at IS NULL
    )
  $function$;
-- may be executed by: aishell_runtime, owner

CREATE OR REPLACE FUNCTION public.record_append(tenant uuid, seen_sequence bigint, seen_mac bytea, new_sequence bigint, new_mac bytea, sequences bigint[], entries uuid[], kinds text[], times timestamp with time zone[], members uuid[], connections text[], bodies text[], macs bytea[], opened uuid[], closed uuid[], continued uuid[], server uuid)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
DECLARE
  is_moved boolean;
  found_open bigint;
BEGIN
  SET LOCAL ROLE aishell_runtime;
  PERFORM set_config('app.tenant_id', tenant::text, true);
  -- An intent must be on disk before its statement runs, also where the server's default is to answer before that.
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'local', true);
  END IF;
  UPDATE public.record_head SET
      sequence = CASE WHEN sequence = seen_sequence AND mac = seen_mac THEN new_sequence ELSE sequence END,
      mac = CASE WHEN sequence = seen_sequence AND mac = seen_mac THEN new_mac ELSE mac END
    WHERE tenant_id = tenant
    RETURNING sequence = new_sequence AND mac = new_mac INTO is_moved;
  IF is_moved IS NOT TRUE THEN
    RETURN false;
  END IF;
  IF cardinality(continued) > 0 THEN
    SELECT count(*) INTO found_open FROM public.record_open WHERE tenant_id = tenant AND entry_id = ANY (continued);
    IF found_open < cardinality(continued) THEN
      RAISE EXCEPTION 'an entry is not open' USING ERRCODE = 'RC001';
    END IF;
  END IF;
  IF cardinality(closed) > 0 THEN
    DELETE FROM public.record_open WHERE tenant_id = tenant AND entry_id = ANY (closed);
    GET DIAGNOSTICS found_open = ROW_COUNT;
    IF found_open < cardinality(closed) THEN
      RAISE EXCEPTION 'an entry is not open' USING ERRCODE = 'RC001';
    END IF;
  END IF;
  INSERT INTO public.record_link (tenant_id, sequence, entry_id, kind, at, member_id, connection, body, mac)
    SELECT tenant, l.* FROM unnest(sequences, entries, kinds, times, members, connections, bodies, macs) AS l;
  IF cardinality(opened) > 0 THEN
    INSERT INTO public.record_open (tenant_id, entry_id, server_id) SELECT tenant, e, server FROM unnest(opened) AS e;
  END IF;
  RETURN true;
END
$function$;
-- may be executed by: owner

CREATE OR REPLACE FUNCTION public.record_sequence_at(moment timestamp with time zone)
 RETURNS bigint
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'public'
AS $function$
DECLARE
  tenant uuid := public.current_tenant();
  low bigint;
  high bigint;
  middle bigint;
  found_sequence bigint;
  found_at timestamptz;
BEGIN
  SELECT min(sequence), max(sequence) + 1 INTO low, high FROM public.record_link WHERE tenant_id = tenant;
  IF low IS NULL THEN
    RETURN 1;
  END IF;
  WHILE low < high LOOP
    middle := low + (high - low) / 2;
    SELECT l.sequence, l.at INTO found_sequence, found_at FROM public.record_link l
      WHERE l.tenant_id = tenant AND l.sequence >= middle ORDER BY l.sequence LIMIT 1;
    IF found_at IS NULL OR found_at >= moment THEN
      high := middle;
    ELSE
      low := found_sequence + 1;
    END IF;
  END LOOP;
  RETURN low;
END
$function$;
-- may be executed by: aishell_runtime, owner

CREATE OR REPLACE FUNCTION public.record_trim(first bigint, last bigint, tombstone text, seal bytea)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public'
AS $function$
DECLARE
  tenant uuid := public.current_tenant();
  head bigint;
  removed bigint;
BEGIN
  SELECT h.sequence INTO head FROM public.record_head h WHERE h.tenant_id = tenant FOR UPDATE;
  IF head IS NULL OR last >= head OR first > last
    OR first <> coalesce((SELECT max(t.through) FROM public.record_tombstone t WHERE t.tenant_id = tenant), 0) + 1
    OR EXISTS (SELECT 1 FROM public.record_open o JOIN public.record_link l ON l.tenant_id = tenant AND l.entry_id = o.entry_id
               WHERE o.tenant_id = tenant AND l.sequence <= last) THEN
    RAISE EXCEPTION 'these links may not be removed' USING ERRCODE = 'RC002';
  END IF;
  INSERT INTO public.record_tombstone (tenant_id, through, body, signature) VALUES (tenant, last, tombstone, seal);
  DELETE FROM public.record_checkpoint WHERE tenant_id = tenant AND sequence <= last;
  DELETE FROM public.record_link WHERE tenant_id = tenant AND sequence <= last;
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END
$function$;
-- may be executed by: aishell_runtime, owner

CREATE OR REPLACE FUNCTION public.tenant_erase(rest_seconds integer)
 RETURNS TABLE(table_name text, removed bigint)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public'
AS $function$
DECLARE
  tenant uuid := public.current_tenant();
  waiting text[];
  again text[];
  one text;
  count_removed bigint;
BEGIN
  PERFORM 1 FROM public.tenant t
    WHERE t.tenant_id = tenant AND t.state = 'suspended' AND t.suspended_at <= now() - make_interval(secs => rest_seconds) FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this tenant may not be erased' USING ERRCODE = 'RC003';
  END IF;
  SELECT array_agg(c.relname ORDER BY c.relname) INTO waiting FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT a.attisdropped AND NOT c.relispartition;
  WHILE cardinality(waiting) > 0 LOOP
    again := '{}';
    FOREACH one IN ARRAY waiting LOOP
      BEGIN
        EXECUTE format('DELETE FROM public.%I WHERE tenant_id = $1', one) USING tenant;
        GET DIAGNOSTICS count_removed = ROW_COUNT;
        table_name := one;
        removed := count_removed;
        RETURN NEXT;
      EXCEPTION WHEN foreign_key_violation THEN
        again := again || one;
      END;
    END LOOP;
    IF cardinality(again) = cardinality(waiting) THEN
      RAISE EXCEPTION 'these tables point at one another: %', again USING ERRCODE = 'RC003';
    END IF;
    waiting := again;
  END LOOP;
END
$function$;
-- may be executed by: aishell_runtime, owner

CREATE OR REPLACE FUNCTION public.tenant_ids()
 RETURNS SETOF uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public'
AS $function$ SELECT t.tenant_id FROM public.tenant t $function$;
-- may be executed by: aishell_runtime, owner

CREATE OR REPLACE FUNCTION public.tenants_to_checkpoint()
 RETURNS SETOF uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public'
AS $function$
    SELECT h.tenant_id FROM public.record_head h
    WHERE h.sequence > coalesce((SELECT max(c.sequence) FROM public.record_checkpoint c WHERE c.tenant_id = h.tenant_id), 0)
      OR EXISTS (SELECT 1 FROM public.record_checkpoint c WHERE c.tenant_id = h.tenant_id AND c.published_at IS NULL)
  $function$;
-- may be executed by: aishell_runtime, owner

CREATE OR REPLACE FUNCTION public.tenants_with_open_approvals()
 RETURNS SETOF uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public'
AS $function$ SELECT DISTINCT a.tenant_id FROM public.approval a WHERE a.state IN ('requested', 'approved', 'executing') $function$;
-- may be executed by: aishell_runtime, owner

CREATE OR REPLACE FUNCTION public.tenants_with_open_intents()
 RETURNS SETOF uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public'
AS $function$ SELECT DISTINCT o.tenant_id FROM public.record_open o $function$;
-- may be executed by: aishell_runtime, owner
