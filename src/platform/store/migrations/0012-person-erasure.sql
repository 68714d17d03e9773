-- One person's data leaves: what they decided about others' requests stays with those, under an id that names nobody any more.

-- Removing a member took the requests of others along that they had decided.
ALTER TABLE approval DROP CONSTRAINT approval_tenant_id_decided_by_fkey;

-- What was erased of a person and what is kept, signed by their tenant. It names no one: the id alone.
CREATE TABLE erased_member (
  tenant_id uuid NOT NULL REFERENCES tenant,
  erased_member_id uuid NOT NULL,
  proof text NOT NULL,
  signature bytea NOT NULL,
  PRIMARY KEY (tenant_id, erased_member_id)
);
ALTER TABLE erased_member ENABLE ROW LEVEL SECURITY;
ALTER TABLE erased_member FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_select ON erased_member FOR SELECT USING (tenant_id = current_tenant());
CREATE POLICY tenant_insert ON erased_member FOR INSERT WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_update ON erased_member FOR UPDATE USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_delete ON erased_member FOR DELETE USING (tenant_id = current_tenant());
GRANT SELECT, INSERT ON erased_member TO :runtime;
