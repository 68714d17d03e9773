-- Replacement shipments up to yesterday, run at every start: the demo always has a last week and a last month.
-- The same days always get the same shipments. Dedicated to the public domain (CC0 1.0). PostgreSQL.
WITH shipped AS (
  SELECT order_id, row_number() OVER (ORDER BY order_id) - 1 AS place, count(*) OVER () AS total
  FROM sales_order
  WHERE ship_date IS NOT NULL
), slot AS (
  SELECT day::date AS day, day::date - DATE '2020-01-01' AS number, part
  FROM generate_series(greatest(DATE '2026-01-01', CURRENT_DATE - 400), CURRENT_DATE - 1, INTERVAL '1 day') AS day
  CROSS JOIN generate_series(0, 2) AS part
)
INSERT INTO shipment (shipment_id, order_id, carrier_id, shipped_on, freight_cost, is_replacement)
SELECT 1000000 + slot.number * 10 + part, order_id, 1 + (slot.number * 3 + part) % 5, day, 5.00 + (slot.number * 13 + part * 7) % 1900 / 100.0, true
FROM slot
JOIN shipped ON place = (slot.number * 17 + part * 101) % total
ON CONFLICT (shipment_id) DO NOTHING;
