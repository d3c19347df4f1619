-- Who searches by a common name walks through the newest bookings and looks at the names of each. They were looked up among
-- all keys, booking by booking; they stand in the booking now, each after a bar.
ALTER TABLE orders ADD COLUMN name_keys TEXT NOT NULL DEFAULT '';
UPDATE orders SET name_keys =
    COALESCE((SELECT STRING_AGG('|' || k.value, '') FROM booking_keys k WHERE k.order_id = orders.id AND k.kind = 'name'), '');
