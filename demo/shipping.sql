-- How Harbor Goods ships: carriers, and one shipment for each order that was shipped.
-- Every name and number is made up. Dedicated to the public domain (CC0 1.0). PostgreSQL.
CREATE TABLE carrier (
  carrier_id INTEGER PRIMARY KEY,
  name VARCHAR(40) NOT NULL,
  mode VARCHAR(10) NOT NULL
);
CREATE TABLE shipment (
  shipment_id INTEGER PRIMARY KEY,
  order_id INTEGER NOT NULL REFERENCES sales_order (order_id),
  carrier_id INTEGER NOT NULL REFERENCES carrier (carrier_id),
  shipped_on DATE NOT NULL,
  freight_cost NUMERIC(10,2) NOT NULL,
  is_replacement BOOLEAN NOT NULL
);
CREATE INDEX idx_shipment_order ON shipment (order_id);
CREATE INDEX idx_shipment_shipped_on ON shipment (shipped_on);
INSERT INTO carrier (carrier_id, name, mode) VALUES
(1, 'Northwind Parcel', 'road'),
(2, 'Bluefin Freight', 'sea'),
(3, 'Swift Gull', 'air'),
(4, 'Ironroad Cargo', 'rail'),
(5, 'Harbor Couriers', 'road');
INSERT INTO shipment (shipment_id, order_id, carrier_id, shipped_on, freight_cost, is_replacement)
SELECT order_id, order_id, 1 + (order_id * 7 + order_id / 3) % 5, ship_date, 4.50 + (order_id * 37 % 2400) / 100.0, false
FROM sales_order
WHERE ship_date IS NOT NULL;
COMMENT ON TABLE carrier IS 'Companies that carry the shipments';
COMMENT ON TABLE shipment IS 'What was shipped: one row for each shipped order, one more for a replacement';
COMMENT ON COLUMN shipment.shipped_on IS 'Day the order was shipped';
COMMENT ON COLUMN shipment.is_replacement IS 'The order was shipped again, in place of damaged goods';
COMMENT ON COLUMN carrier.mode IS 'road, rail, sea or air';
COMMENT ON TABLE sales_order IS 'Orders of customers';
COMMENT ON COLUMN product.unit_cost IS 'What we pay for one';
COMMENT ON COLUMN product.unit_price IS 'What a customer pays for one, before discount';
COMMENT ON COLUMN order_item.discount_percent IS 'Discount on this line, percent of the price';
COMMENT ON COLUMN employee.salary IS 'Yearly salary';
