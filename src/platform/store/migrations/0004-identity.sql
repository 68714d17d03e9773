-- People: roles of a tenant's own, groups, passwords, sessions, single sign-on, device login; labels on connections.
-- Roles are names now: what a name this version does not know may do is nothing.

ALTER TABLE member DROP CONSTRAINT member_role_check;
ALTER TABLE member ADD COLUMN kind text NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'service'));
ALTER TABLE token DROP CONSTRAINT token_role_check;
-- null: all the roles its member has when it is used. An older server takes it for the weakest.
ALTER TABLE token ALTER COLUMN role DROP NOT NULL;
ALTER TABLE connection ADD COLUMN labels text[] NOT NULL DEFAULT '{}';

CREATE TABLE role (
  tenant_id uuid NOT NULL REFERENCES tenant,
  name text NOT NULL CHECK (name NOT IN ('reader', 'editor', 'admin')),
  description text NOT NULL DEFAULT '',
  grants jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, name)
);

CREATE TABLE member_group (
  tenant_id uuid NOT NULL REFERENCES tenant,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  roles text[] NOT NULL DEFAULT '{}',
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, name)
);

-- A member may be in a group by an admin's word and by their identity provider's at once; each takes back only its own.
CREATE TABLE group_member (
  tenant_id uuid NOT NULL,
  group_name text NOT NULL,
  member_id uuid NOT NULL,
  origin text NOT NULL CHECK (origin IN ('local', 'oidc')),
  PRIMARY KEY (tenant_id, group_name, member_id, origin),
  FOREIGN KEY (tenant_id, group_name) REFERENCES member_group ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, member_id) REFERENCES member ON DELETE CASCADE
);
CREATE INDEX group_member_member ON group_member (tenant_id, member_id);

-- argon2id, in its own text form, salt and cost inside.
CREATE TABLE password (
  tenant_id uuid NOT NULL,
  member_id uuid NOT NULL,
  hash text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, member_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member ON DELETE CASCADE
);

-- A link with which a member sets a password, once.
CREATE TABLE invitation (
  tenant_id uuid NOT NULL,
  invitation_id uuid NOT NULL,
  member_id uuid NOT NULL,
  hash bytea NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (tenant_id, invitation_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member ON DELETE CASCADE
);

-- Who somebody is at an identity provider: issuer and subject, never a name or an address, which may change hands.
CREATE TABLE outside_identity (
  tenant_id uuid NOT NULL,
  issuer text NOT NULL,
  subject text NOT NULL,
  member_id uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, issuer, subject),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member ON DELETE CASCADE
);

CREATE TABLE session (
  tenant_id uuid NOT NULL,
  session_id uuid NOT NULL,
  member_id uuid NOT NULL,
  hash bytea NOT NULL UNIQUE,
  method text NOT NULL CHECK (method IN ('password', 'invitation', 'oidc')),
  created_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  -- The client as it names itself, for the list of one's sessions.
  client text NOT NULL DEFAULT '',
  -- Of sessions that began at an identity provider: by these it ends them.
  issuer text,
  subject text,
  provider_session text,
  -- The sealed ID token: the hint with which we sign out there.
  sealed_hint bytea,
  PRIMARY KEY (tenant_id, session_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member ON DELETE CASCADE
);
CREATE INDEX session_member ON session (tenant_id, member_id);
CREATE INDEX session_provider ON session (issuer, subject) WHERE issuer IS NOT NULL;

-- Browsers from which a member has signed in before: guesses of strangers do not slow them down.
CREATE TABLE known_device (
  tenant_id uuid NOT NULL,
  member_id uuid NOT NULL,
  hash bytea NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, member_id, hash),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member ON DELETE CASCADE
);

-- Failed sign-ins by a digest of who and from where; tells nothing of accounts, also of those that are not there.
CREATE TABLE sign_in_failure (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  key bytea NOT NULL,
  failures integer NOT NULL,
  last_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, key)
);
CREATE INDEX sign_in_failure_age ON sign_in_failure (tenant_id, last_at);

CREATE TABLE device_login (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  device_login_id uuid NOT NULL,
  hash bytea NOT NULL UNIQUE,
  user_code text NOT NULL,
  client text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  polled_at timestamptz,
  interval_s integer NOT NULL,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'confirmed', 'denied', 'used')),
  member_id uuid,
  PRIMARY KEY (tenant_id, device_login_id),
  UNIQUE (tenant_id, user_code),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member ON DELETE CASCADE
);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['role', 'member_group', 'group_member', 'password', 'invitation', 'outside_identity', 'session', 'known_device',
    'sign_in_failure', 'device_login'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant_select ON %I FOR SELECT USING (tenant_id = current_tenant())', name);
    EXECUTE format('CREATE POLICY tenant_insert ON %I FOR INSERT WITH CHECK (tenant_id = current_tenant())', name);
    EXECUTE format('CREATE POLICY tenant_update ON %I FOR UPDATE USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', name);
    EXECUTE format('CREATE POLICY tenant_delete ON %I FOR DELETE USING (tenant_id = current_tenant())', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO %I', name, ':runtime');
  END LOOP;
END
$$;

-- Narrow doors, for what happens before a tenant is known.
CREATE POLICY owner_select ON role FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY owner_select ON member_group FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY owner_select ON group_member FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY owner_select ON invitation FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY owner_select ON session FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY owner_update ON session FOR UPDATE TO CURRENT_USER USING (issuer IS NOT NULL) WITH CHECK (issuer IS NOT NULL);
CREATE POLICY owner_select ON device_login FOR SELECT TO CURRENT_USER USING (true);

-- A token or a session by the digest of its text, or a session by its place; with its member and all the member's roles.
CREATE FUNCTION find_credential(wanted_hash bytea, wanted_tenant uuid, wanted_session uuid)
  RETURNS TABLE (source text, tenant_id uuid, credential_id uuid, member_id uuid, name text, kind text, role text, verbs text[], connections text[],
    created_at timestamptz, expires_at timestamptz, last_used_at timestamptz, revoked_at timestamptz,
    member_name text, member_kind text, disabled_at timestamptz, role_names text[], role_grants jsonb)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
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
  $$;

-- Which of these tokens and sessions still hold; running answers of the others end.
CREATE FUNCTION live_credentials(tenants uuid[], credentials uuid[]) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
    SELECT w.credential FROM unnest(tenants, credentials) AS w(tenant, credential)
    WHERE EXISTS (
      SELECT FROM public.token t JOIN public.member m ON m.tenant_id = t.tenant_id AND m.member_id = t.member_id
      WHERE t.tenant_id = w.tenant AND t.token_id = w.credential AND t.revoked_at IS NULL AND t.expires_at > now() AND m.disabled_at IS NULL
    ) OR EXISTS (
      SELECT FROM public.session s JOIN public.member m ON m.tenant_id = s.tenant_id AND m.member_id = s.member_id
      WHERE s.tenant_id = w.tenant AND s.session_id = w.credential AND s.revoked_at IS NULL AND s.expires_at > now() AND m.disabled_at IS NULL
    )
  $$;

CREATE FUNCTION invitation_tenant(wanted_hash bytea) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$ SELECT i.tenant_id FROM public.invitation i WHERE i.hash = wanted_hash $$;

CREATE FUNCTION device_login_tenant(wanted_hash bytea) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$ SELECT d.tenant_id FROM public.device_login d WHERE d.hash = wanted_hash $$;

-- A provider's word that somebody has signed out there: one of their sessions, or all where it names none.
CREATE FUNCTION end_provider_sessions(wanted_issuer text, wanted_subject text, wanted_session text)
  RETURNS TABLE (tenant_id uuid, session_id uuid) LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
    UPDATE public.session s SET revoked_at = now()
    WHERE s.issuer = wanted_issuer AND s.revoked_at IS NULL
      AND (wanted_subject IS NOT NULL OR wanted_session IS NOT NULL)
      AND (wanted_subject IS NULL OR s.subject = wanted_subject)
      AND (wanted_session IS NULL OR s.provider_session = wanted_session)
    RETURNING s.tenant_id, s.session_id
  $$;

REVOKE ALL ON FUNCTION find_credential(bytea, uuid, uuid), live_credentials(uuid[], uuid[]), invitation_tenant(bytea), device_login_tenant(bytea),
  end_provider_sessions(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_credential(bytea, uuid, uuid), live_credentials(uuid[], uuid[]), invitation_tenant(bytea), device_login_tenant(bytea),
  end_provider_sessions(text, text, text) TO :runtime;
