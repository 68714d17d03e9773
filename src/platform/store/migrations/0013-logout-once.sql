-- A provider's word that somebody has signed out there, as before; where it names no session of the provider's it ends what
-- began before it was said, so that the same word said again ends nothing of a later sign-in. The function of three
-- stays for servers of the version before.
CREATE FUNCTION end_provider_sessions(wanted_issuer text, wanted_subject text, wanted_session text, said_by timestamptz)
  RETURNS TABLE (tenant_id uuid, session_id uuid) LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
    UPDATE public.session s SET revoked_at = now()
    WHERE s.issuer = wanted_issuer AND s.revoked_at IS NULL
      AND (wanted_subject IS NOT NULL OR wanted_session IS NOT NULL)
      AND (wanted_subject IS NULL OR s.subject = wanted_subject)
      AND (wanted_session IS NULL OR s.provider_session = wanted_session)
      AND (wanted_session IS NOT NULL OR s.created_at <= said_by)
    RETURNING s.tenant_id, s.session_id
  $$;
REVOKE ALL ON FUNCTION end_provider_sessions(text, text, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION end_provider_sessions(text, text, text, timestamptz) TO :runtime;
