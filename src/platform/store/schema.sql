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

CREATE TABLE member (
  tenant_id uuid NOT NULL,
  member_id uuid NOT NULL,
  name text NOT NULL,
  role text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  disabled_at timestamp with time zone,
  CONSTRAINT member_role_check CHECK ((role = ANY (ARRAY['reader'::text, 'editor'::text, 'admin'::text]))),
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

CREATE TABLE record_head (
  tenant_id uuid NOT NULL,
  sequence bigint NOT NULL,
  mac bytea NOT NULL,
  CONSTRAINT record_head_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  CONSTRAINT record_head_pkey PRIMARY KEY (tenant_id)
);
ALTER TABLE record_head ENABLE ROW LEVEL SECURITY;
ALTER TABLE record_head FORCE ROW LEVEL SECURITY;
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
  CONSTRAINT record_link_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
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
  CONSTRAINT record_open_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
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

CREATE TABLE tenant (
  tenant_id uuid NOT NULL,
  name text NOT NULL,
  wrapped_key bytea,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
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

CREATE TABLE token (
  tenant_id uuid NOT NULL,
  token_id uuid NOT NULL,
  member_id uuid NOT NULL,
  name text NOT NULL,
  kind text NOT NULL,
  role text NOT NULL,
  verbs text[],
  connections text[],
  hash bytea NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  expires_at timestamp with time zone NOT NULL,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  CONSTRAINT token_kind_check CHECK ((kind = ANY (ARRAY['person'::text, 'agent'::text, 'service'::text]))),
  CONSTRAINT token_role_check CHECK ((role = ANY (ARRAY['reader'::text, 'editor'::text, 'admin'::text]))),
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

CREATE OR REPLACE FUNCTION public.record_append(tenant uuid, seen_sequence bigint, seen_mac bytea, new_sequence bigint, new_mac bytea, sequences bigint[], entries uuid[], kinds text[], times timestamp with time zone[], members uuid[], connections text[], bodies text[], macs bytea[], opened uuid[], closed uuid[], continued uuid[], server uuid)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
DECLARE
  found_open bigint;
BEGIN
  SET LOCAL ROLE aishell_runtime;
  PERFORM set_config('app.tenant_id', tenant::text, true);
  -- An intent must be on disk before its statement runs, also where the server's default is to answer before that.
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'local', true);
  END IF;
  UPDATE public.record_head SET sequence = new_sequence, mac = new_mac
    WHERE tenant_id = tenant AND sequence = seen_sequence AND mac = seen_mac;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  SELECT count(*) INTO found_open FROM public.record_open WHERE tenant_id = tenant AND entry_id = ANY (continued);
  IF found_open < cardinality(continued) THEN
    RAISE EXCEPTION 'an entry is not open' USING ERRCODE = 'RC001';
  END IF;
  DELETE FROM public.record_open WHERE tenant_id = tenant AND entry_id = ANY (closed);
  GET DIAGNOSTICS found_open = ROW_COUNT;
  IF found_open < cardinality(closed) THEN
    RAISE EXCEPTION 'an entry is not open' USING ERRCODE = 'RC001';
  END IF;
  INSERT INTO public.record_link (tenant_id, sequence, entry_id, kind, at, member_id, connection, body, mac)
    SELECT tenant, l.* FROM unnest(sequences, entries, kinds, times, members, connections, bodies, macs) AS l;
  INSERT INTO public.record_open (tenant_id, entry_id, server_id) SELECT tenant, e, server FROM unnest(opened) AS e;
  RETURN true;
END
$function$;
-- may be executed by: owner

CREATE OR REPLACE FUNCTION public.tenant_ids()
 RETURNS SETOF uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public'
AS $function$ SELECT t.tenant_id FROM public.tenant t $function$;
-- may be executed by: aishell_runtime, owner

CREATE OR REPLACE FUNCTION public.tenants_with_open_intents()
 RETURNS SETOF uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public'
AS $function$ SELECT DISTINCT o.tenant_id FROM public.record_open o $function$;
-- may be executed by: aishell_runtime, owner
