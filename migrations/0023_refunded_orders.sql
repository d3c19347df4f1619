-- Whether an order has a refund stood in the order: to write it there moved the order, and on PostgreSQL every entry of its
-- fourteen indexes. Orders that have one are listed beside, with what the list of bookings is sorted by.
CREATE TABLE refunded_orders (
    order_id TEXT NOT NULL PRIMARY KEY REFERENCES orders (id),
    agency_id TEXT NOT NULL,
    -- The order's. Its number tells it: it never changes.
    created_at TEXT NOT NULL
);
INSERT INTO refunded_orders (order_id, agency_id, created_at) SELECT id, agency_id, created_at FROM orders WHERE has_refund = 1;
CREATE INDEX refunded_orders_newest ON refunded_orders (created_at, order_id);
CREATE INDEX refunded_orders_of_agency_newest ON refunded_orders (agency_id, created_at, order_id);
DROP INDEX orders_by_refund;
DROP INDEX orders_of_agency_by_refund;
ALTER TABLE orders DROP COLUMN has_refund;
