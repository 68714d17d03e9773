-- One batch of links in one round trip: takes the runtime role and the tenant, moves the head if it is where the caller
-- saw it, closes and opens entries, adds the links. Gives false when the head has moved; raises RC001 when an entry is not
-- open, and then nothing of the batch is there.
CREATE FUNCTION record_append(
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
$$;
REVOKE ALL ON FUNCTION record_append(uuid, bigint, bytea, bigint, bytea, bigint[], uuid[], text[], timestamptz[], uuid[], text[], text[], bytea[], uuid[], uuid[], uuid[], uuid) FROM PUBLIC;
