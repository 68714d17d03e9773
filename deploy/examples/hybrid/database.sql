-- For each team, by an administrator of the shared PostgreSQL: a user, the role questions are served with, a database nobody else enters.
CREATE ROLE team_a LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
DO $$ BEGIN CREATE ROLE aishell_runtime NOLOGIN NOSUPERUSER NOBYPASSRLS; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT aishell_runtime TO team_a;
CREATE DATABASE team_a OWNER team_a;
REVOKE ALL ON DATABASE team_a FROM PUBLIC;
