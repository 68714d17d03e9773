-- Another database user for approved writes. Beside `target`, whose shape servers of the version before hold closed.
ALTER TABLE connection
  ADD COLUMN writer jsonb,
  ADD COLUMN sealed_writer_password bytea,
  ADD COLUMN writer_secret_version integer NOT NULL DEFAULT 0;
