-- A batch may be sent while the one before it is on its way to the disk (chain-writer.ts). What a statement compares in its
-- WHERE it looks up as it was before; so the head is locked first, and compared as the batch before has left it.
CREATE OR REPLACE FUNCTION record_append(
  tenant uuid, seen_sequence bigint, seen_mac bytea, new_sequence bigint, new_mac bytea,
  sequences bigint[], entries uuid[], kinds text[], times timestamptz[], members uuid[], connections text[], bodies text[], macs bytea[],
  opened uuid[], closed uuid[], continued uuid[], server uuid
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  is_moved boolean;
  found_open bigint;
BEGIN
  SET LOCAL ROLE :runtime;
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
$$;
