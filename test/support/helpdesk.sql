-- A service that organizations subscribe to, as programs keep it: rows know when they were written. Invented for tests.
CREATE TABLE organization (id serial PRIMARY KEY, name text NOT NULL, industry text, created_at timestamptz NOT NULL);
CREATE TABLE app_user (id serial PRIMARY KEY, organization_id int NOT NULL REFERENCES organization, full_name text NOT NULL, email text NOT NULL UNIQUE,
  role text NOT NULL, is_active boolean NOT NULL, last_login_at timestamptz, created_at timestamptz NOT NULL);
CREATE TABLE subscription (id serial PRIMARY KEY, organization_id int NOT NULL REFERENCES organization, status text NOT NULL, started_on date NOT NULL,
  cancelled_on date, seats int NOT NULL);
CREATE TABLE invoice (id serial PRIMARY KEY, subscription_id int NOT NULL REFERENCES subscription, issued_on date NOT NULL, due_on date NOT NULL,
  paid_on date, total numeric(12,2) NOT NULL);
CREATE TABLE ticket (id serial PRIMARY KEY, organization_id int NOT NULL REFERENCES organization, assignee_id int REFERENCES app_user, title text NOT NULL,
  priority text NOT NULL, status text NOT NULL, created_at timestamptz NOT NULL, resolved_at timestamptz);
INSERT INTO organization (name, industry, created_at)
  SELECT 'Org ' || g, (ARRAY['Retail', 'Health', 'Energy'])[1 + g % 3], timestamptz '2023-01-01' + g * interval '11 days' FROM generate_series(1, 30) g;
INSERT INTO app_user (organization_id, full_name, email, role, is_active, last_login_at, created_at)
  SELECT 1 + g * g % 30, 'User ' || g, 'u' || g || '@service.example', (ARRAY['owner', 'member', 'viewer'])[1 + g % 3], g % 7 <> 0,
    CASE WHEN g % 5 > 0 THEN timestamptz '2026-11-01' - g * interval '1 day' END, timestamptz '2023-02-01' + g * interval '2 days' FROM generate_series(1, 200) g;
INSERT INTO subscription (organization_id, status, started_on, cancelled_on, seats)
  SELECT g, (ARRAY['active', 'cancelled', 'trial'])[1 + g % 3], date '2024-01-01' + g * 7, CASE WHEN g % 3 = 1 THEN date '2025-06-01' + g END, 1 + g
  FROM generate_series(1, 30) g;
INSERT INTO invoice (subscription_id, issued_on, due_on, paid_on, total)
  SELECT 1 + g % 30, date '2024-02-01' + g, date '2024-03-01' + g, CASE WHEN g % 6 > 0 THEN date '2024-02-20' + g END, 49 + g FROM generate_series(1, 400) g;
INSERT INTO ticket (organization_id, assignee_id, title, priority, status, created_at, resolved_at)
  SELECT 1 + g % 30, CASE WHEN g % 4 > 0 THEN 1 + g % 9 END, 'Ticket ' || g, (ARRAY['low', 'medium', 'high', 'urgent'])[1 + g % 4],
    (ARRAY['open', 'pending', 'resolved'])[1 + g % 3], timestamptz '2026-01-01' + g * interval '1 day',
    CASE WHEN g % 3 = 2 THEN timestamptz '2026-01-05' + (400 - g) * interval '1 day' END FROM generate_series(1, 300) g;
ANALYZE;
