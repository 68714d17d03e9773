-- Tenants that come, pause and go: state, quotas, usage, their own language model; who operates the installation; proofs of what was erased.

ALTER TABLE tenant ADD COLUMN state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended'));
ALTER TABLE tenant ADD COLUMN suspended_at timestamptz;
ALTER TABLE tenant ADD COLUMN quotas jsonb NOT NULL DEFAULT '{}';

CREATE TABLE tenant_usage (
  tenant_id uuid NOT NULL REFERENCES tenant,
  -- UTC.
  day date NOT NULL,
  questions bigint NOT NULL DEFAULT 0,
  rows bigint NOT NULL DEFAULT 0,
  model_tokens bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, day)
);

CREATE TABLE tenant_model (
  tenant_id uuid PRIMARY KEY REFERENCES tenant,
  provider text NOT NULL,
  model text NOT NULL,
  base_url text,
  sealed_key bytea,
  -- Part of what the seal is bound to; grows with each new key.
  key_version integer NOT NULL DEFAULT 1,
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- Members of the tenant `default` who keep the installation's tenants.
CREATE TABLE platform_operator (
  tenant_id uuid NOT NULL,
  member_id uuid NOT NULL,
  added_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, member_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member ON DELETE CASCADE
);

-- What was erased with a tenant, signed by the tenant whose operator did it.
CREATE TABLE erased_tenant (
  tenant_id uuid NOT NULL REFERENCES tenant,
  erased_tenant_id uuid NOT NULL,
  proof text NOT NULL,
  signature bytea NOT NULL,
  PRIMARY KEY (tenant_id, erased_tenant_id)
);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['tenant_usage', 'tenant_model', 'platform_operator', 'erased_tenant'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant_select ON %I FOR SELECT USING (tenant_id = current_tenant())', name);
    EXECUTE format('CREATE POLICY tenant_insert ON %I FOR INSERT WITH CHECK (tenant_id = current_tenant())', name);
    EXECUTE format('CREATE POLICY tenant_update ON %I FOR UPDATE USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', name);
    EXECUTE format('CREATE POLICY tenant_delete ON %I FOR DELETE USING (tenant_id = current_tenant())', name);
  END LOOP;
END
$$;
GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_model, platform_operator TO :runtime;
GRANT SELECT, INSERT, UPDATE ON tenant_usage TO :runtime;
GRANT SELECT, INSERT ON erased_tenant TO :runtime;

-- Names and states of all tenants, for their operators; nothing of what they hold.
CREATE FUNCTION list_tenants() RETURNS TABLE (tenant_id uuid, name text, state text, quotas jsonb, created_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$ SELECT t.tenant_id, t.name, t.state, t.quotas, t.created_at FROM public.tenant t ORDER BY t.name $$;

-- Erases the present tenant, which must have been suspended for a while, from every table that has tenants; tells how many rows of each.
-- Tables are taken again until none is left whose rows others still point at.
CREATE FUNCTION tenant_erase(rest_seconds integer) RETURNS TABLE (table_name text, removed bigint)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
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
$$;

REVOKE ALL ON FUNCTION list_tenants(), tenant_erase(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION list_tenants(), tenant_erase(integer) TO :runtime;
