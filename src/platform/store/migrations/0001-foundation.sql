-- The foundation: tenants, members, tokens, connections, policies and the record.
-- Every tenant table carries tenant_id first in its key; row-level security is enabled and forced on each.
-- :runtime is the role questions are served with: it owns nothing and cannot bypass these policies.

CREATE FUNCTION current_tenant() RETURNS uuid LANGUAGE sql STABLE
  AS $$ SELECT nullif(current_setting('app.tenant_id', true), '')::uuid $$;

CREATE TABLE tenant (
  tenant_id uuid PRIMARY KEY,
  name text NOT NULL UNIQUE,
  wrapped_key bytea,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE member (
  tenant_id uuid NOT NULL REFERENCES tenant,
  member_id uuid NOT NULL,
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('reader', 'editor', 'admin')),
  created_at timestamptz NOT NULL DEFAULT now(),
  disabled_at timestamptz,
  PRIMARY KEY (tenant_id, member_id),
  UNIQUE (tenant_id, name)
);

CREATE TABLE token (
  tenant_id uuid NOT NULL,
  token_id uuid NOT NULL,
  member_id uuid NOT NULL,
  name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('person', 'agent', 'service')),
  role text NOT NULL CHECK (role IN ('reader', 'editor', 'admin')),
  verbs text[],
  connections text[],
  hash bytea NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  last_used_at timestamptz,
  revoked_at timestamptz,
  PRIMARY KEY (tenant_id, token_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member
);

CREATE TABLE connection (
  tenant_id uuid NOT NULL REFERENCES tenant,
  connection_id uuid NOT NULL,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  engine text NOT NULL,
  target jsonb NOT NULL,
  sealed_password bytea,
  secret_version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, connection_id)
);
CREATE UNIQUE INDEX connection_name ON connection (tenant_id, lower(name));

-- Declared connections (aishell.yaml, the demo) have policies too, so there is no foreign key to connection.
CREATE TABLE policy (
  tenant_id uuid NOT NULL REFERENCES tenant,
  connection_id text NOT NULL,
  body jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, connection_id)
);

-- The record: one row per link of a tenant's chain. The runtime role may add and read, never change.
CREATE TABLE record_link (
  tenant_id uuid NOT NULL REFERENCES tenant,
  sequence bigint NOT NULL,
  entry_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('intent', 'attempt', 'outcome', 'note')),
  at timestamptz NOT NULL,
  -- Repeated from the body of an intent, for lists; verification compares them.
  member_id uuid,
  connection text,
  -- Canonical JSON, the very bytes the mac is over.
  body text NOT NULL,
  mac bytea NOT NULL,
  PRIMARY KEY (tenant_id, sequence)
);
CREATE UNIQUE INDEX record_link_intent ON record_link (tenant_id, entry_id) WHERE kind = 'intent';
CREATE UNIQUE INDEX record_link_outcome ON record_link (tenant_id, entry_id) WHERE kind = 'outcome';
CREATE INDEX record_link_attempt ON record_link (tenant_id, entry_id, sequence) WHERE kind = 'attempt';
CREATE INDEX record_link_member ON record_link (tenant_id, member_id, sequence) WHERE kind = 'intent';
CREATE INDEX record_link_connection ON record_link (tenant_id, connection, sequence) WHERE kind = 'intent';

-- Intents without an outcome; a helper of the sweep, not part of the proof.
CREATE TABLE record_open (
  tenant_id uuid NOT NULL REFERENCES tenant,
  entry_id uuid NOT NULL,
  server_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, entry_id)
);

CREATE TABLE record_head (
  tenant_id uuid PRIMARY KEY REFERENCES tenant,
  sequence bigint NOT NULL,
  mac bytea NOT NULL
);

-- Which servers live: an open intent of one that no longer beats is lost. Belongs to no tenant.
CREATE TABLE server_instance (
  server_id uuid PRIMARY KEY,
  started_at timestamptz NOT NULL DEFAULT now(),
  beat_at timestamptz NOT NULL DEFAULT now()
);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['tenant', 'member', 'token', 'connection', 'policy', 'record_link', 'record_open', 'record_head'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant_select ON %I FOR SELECT USING (tenant_id = current_tenant())', name);
    EXECUTE format('CREATE POLICY tenant_insert ON %I FOR INSERT WITH CHECK (tenant_id = current_tenant())', name);
    EXECUTE format('CREATE POLICY tenant_update ON %I FOR UPDATE USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', name);
    EXECUTE format('CREATE POLICY tenant_delete ON %I FOR DELETE USING (tenant_id = current_tenant())', name);
  END LOOP;
END
$$;

-- Narrow doors through the walls, for what happens before a tenant is known.
CREATE POLICY owner_select ON token FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY owner_select ON member FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY owner_select ON tenant FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY owner_select ON record_open FOR SELECT TO CURRENT_USER USING (true);

CREATE FUNCTION find_token(token_hash bytea)
  RETURNS TABLE (tenant_id uuid, token_id uuid, member_id uuid, member_name text, member_role text, disabled_at timestamptz, name text, kind text,
    role text, verbs text[], connections text[], expires_at timestamptz, last_used_at timestamptz, revoked_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
    SELECT t.tenant_id, t.token_id, t.member_id, m.name, m.role, m.disabled_at, t.name, t.kind, t.role, t.verbs, t.connections, t.expires_at, t.last_used_at, t.revoked_at
    FROM public.token t JOIN public.member m ON m.tenant_id = t.tenant_id AND m.member_id = t.member_id
    WHERE t.hash = token_hash
  $$;

CREATE FUNCTION tenant_ids() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$ SELECT t.tenant_id FROM public.tenant t $$;

-- Tenants with open intents: the sweep for lost ones looks into these only.
CREATE FUNCTION tenants_with_open_intents() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$ SELECT DISTINCT o.tenant_id FROM public.record_open o $$;

REVOKE ALL ON FUNCTION find_token(bytea), tenant_ids(), tenants_with_open_intents() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_token(bytea), tenant_ids(), tenants_with_open_intents(), current_tenant() TO :runtime;
GRANT USAGE ON SCHEMA public TO :runtime;
GRANT SELECT, INSERT, UPDATE, DELETE ON member, token, connection, policy TO :runtime;
GRANT SELECT, INSERT, UPDATE ON tenant TO :runtime;
GRANT SELECT, INSERT ON record_link TO :runtime;
GRANT SELECT, INSERT, DELETE ON record_open TO :runtime;
GRANT SELECT, INSERT, UPDATE ON record_head TO :runtime;
GRANT SELECT, INSERT, UPDATE, DELETE ON server_instance TO :runtime;
