-- Approvals: one row per statement that waits for, or had, another person's consent. What was asked never changes: the
-- runtime role may only move a row along (state, decision, execution). No row is ever deleted by it.

CREATE TABLE approval (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  approval_id uuid NOT NULL,
  state text NOT NULL DEFAULT 'requested'
    CHECK (state IN ('requested', 'approved', 'rejected', 'expired', 'cancelled', 'executing', 'executed', 'failed', 'unknown')),

  -- The statement, and all that the consent is bound to: `hash` is over text, values, connection, schema and policy.
  connection_id text NOT NULL,
  connection_name text NOT NULL,
  sql text NOT NULL,
  params jsonb NOT NULL,
  class text NOT NULL,
  hash text NOT NULL,
  catalog_version text NOT NULL,
  policy_version text NOT NULL,
  limits jsonb NOT NULL,
  -- For people: what it changes, what the guard says of it, what a dry run counted.
  verdict jsonb NOT NULL,
  dry_run jsonb,

  question_id uuid NOT NULL,
  requester_id uuid NOT NULL,
  requester_name text NOT NULL,
  requester_kind text NOT NULL CHECK (requester_kind IN ('person', 'agent', 'service')),
  requester_surface text NOT NULL,
  requester_credential uuid,
  requested_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,

  decided_by uuid,
  decided_name text,
  decided_surface text,
  decided_credential uuid,
  decided_at timestamptz,
  comment text,

  execution_id uuid,
  server_id uuid,
  started_at timestamptz,
  beat_at timestamptz,
  -- Set, durably, before the commit: without it nothing was committed. `marker` names the transaction where the engine can.
  committing_at timestamptz,
  marker text,
  affected_rows bigint,
  failure_code text,
  failure_message text,
  ended_at timestamptz,

  PRIMARY KEY (tenant_id, approval_id),
  FOREIGN KEY (tenant_id, requester_id) REFERENCES member ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, decided_by) REFERENCES member ON DELETE CASCADE,
  UNIQUE (tenant_id, execution_id),
  -- Four eyes, whatever a program does: nothing is approved or run without somebody else's decision.
  CHECK (state NOT IN ('approved', 'executing', 'executed', 'failed', 'unknown') OR (decided_by IS NOT NULL AND decided_by <> requester_id)),
  CHECK (state NOT IN ('executing', 'executed', 'unknown') OR execution_id IS NOT NULL)
);
CREATE INDEX approval_newest ON approval (tenant_id, requested_at DESC, approval_id DESC);
CREATE INDEX approval_open ON approval (tenant_id, state) WHERE state IN ('requested', 'approved', 'executing');
-- Asking again, with the same credential, while a request waits is the same request.
CREATE UNIQUE INDEX approval_waiting ON approval (tenant_id, requester_id, requester_credential, hash) NULLS NOT DISTINCT WHERE state = 'requested';

ALTER TABLE approval ENABLE ROW LEVEL SECURITY;
ALTER TABLE approval FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_select ON approval FOR SELECT USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON approval FOR INSERT WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_update ON approval FOR UPDATE USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_delete ON approval FOR DELETE USING (tenant_id = current_tenant());
CREATE POLICY owner_select ON approval FOR SELECT TO CURRENT_USER USING (true);

GRANT SELECT, INSERT ON approval TO :runtime;
GRANT UPDATE (state, decided_by, decided_name, decided_surface, decided_credential, decided_at, comment, execution_id, server_id, started_at, beat_at,
  committing_at, marker, affected_rows, failure_code, failure_message, ended_at) ON approval TO :runtime;

-- Tenants with something to expire, to carry on or to settle: the sweep looks into these only.
CREATE FUNCTION tenants_with_open_approvals() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$ SELECT DISTINCT a.tenant_id FROM public.approval a WHERE a.state IN ('requested', 'approved', 'executing') $$;
REVOKE ALL ON FUNCTION tenants_with_open_approvals() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenants_with_open_approvals() TO :runtime;
