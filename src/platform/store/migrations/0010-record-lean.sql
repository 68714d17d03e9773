-- The record is written with every question; what it does not need is left out.
-- The tenant of a link is proven by its head, which is moved in the same transaction and has the foreign key. A key on each
-- link would look the tenant up, and lock its row, once a link (bench/load/record-writers.ts).
ALTER TABLE record_link DROP CONSTRAINT record_link_tenant_id_fkey;
ALTER TABLE record_open DROP CONSTRAINT record_open_tenant_id_fkey;

-- As before, without the statements a batch has no rows for.
CREATE OR REPLACE FUNCTION record_append(
  tenant uuid, seen_sequence bigint, seen_mac bytea, new_sequence bigint, new_mac bytea,
  sequences bigint[], entries uuid[], kinds text[], times timestamptz[], members uuid[], connections text[], bodies text[], macs bytea[],
  opened uuid[], closed uuid[], continued uuid[], server uuid
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  found_open bigint;
BEGIN
  SET LOCAL ROLE :runtime;
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
$$;
