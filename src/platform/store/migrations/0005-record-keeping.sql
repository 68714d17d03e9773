-- Signed checkpoints of each tenant's chain, and signed tombstones of what retention took away.

CREATE TABLE record_checkpoint (
  tenant_id uuid NOT NULL REFERENCES tenant,
  sequence bigint NOT NULL,
  -- Canonical JSON, the very bytes the signature is over.
  body text NOT NULL,
  signature bytea NOT NULL,
  -- When the sink outside had taken it; null: it must still be brought there.
  published_at timestamptz,
  PRIMARY KEY (tenant_id, sequence)
);
CREATE INDEX record_checkpoint_unpublished ON record_checkpoint (tenant_id, sequence) WHERE published_at IS NULL;

CREATE TABLE record_tombstone (
  tenant_id uuid NOT NULL REFERENCES tenant,
  -- The last link that was removed; the chain goes on after it.
  through bigint NOT NULL,
  body text NOT NULL,
  signature bytea NOT NULL,
  PRIMARY KEY (tenant_id, through)
);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['record_checkpoint', 'record_tombstone'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant_select ON %I FOR SELECT USING (tenant_id = current_tenant())', name);
    EXECUTE format('CREATE POLICY tenant_insert ON %I FOR INSERT WITH CHECK (tenant_id = current_tenant())', name);
    EXECUTE format('CREATE POLICY tenant_update ON %I FOR UPDATE USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', name);
    EXECUTE format('CREATE POLICY tenant_delete ON %I FOR DELETE USING (tenant_id = current_tenant())', name);
  END LOOP;
END
$$;

GRANT SELECT, INSERT ON record_checkpoint, record_tombstone TO :runtime;
GRANT UPDATE (published_at) ON record_checkpoint TO :runtime;

-- Tenants whose chain has grown, or whose newest checkpoint is not outside yet: the keeper looks into these only.
CREATE POLICY owner_select ON record_head FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY owner_select ON record_checkpoint FOR SELECT TO CURRENT_USER USING (true);
CREATE FUNCTION tenants_to_checkpoint() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
    SELECT h.tenant_id FROM public.record_head h
    WHERE h.sequence > coalesce((SELECT max(c.sequence) FROM public.record_checkpoint c WHERE c.tenant_id = h.tenant_id), 0)
      OR EXISTS (SELECT 1 FROM public.record_checkpoint c WHERE c.tenant_id = h.tenant_id AND c.published_at IS NULL)
  $$;

-- The one way a link leaves: together with its tombstone, never an entry that is still open, never the end of the chain.
CREATE FUNCTION record_trim(first bigint, last bigint, tombstone text, seal bytea) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
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
$$;

-- The first link at or after a time. Times hardly ever run against the numbers, so halving finds it without an index of its own.
CREATE FUNCTION record_sequence_at(moment timestamptz) RETURNS bigint LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public
  AS $$
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
$$;

REVOKE ALL ON FUNCTION tenants_to_checkpoint(), record_trim(bigint, bigint, text, bytea), record_sequence_at(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenants_to_checkpoint(), record_trim(bigint, bigint, text, bytea), record_sequence_at(timestamptz) TO :runtime;
