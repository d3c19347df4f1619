-- Imported orders. What is searched has columns; what is only read as a whole stays one document.
CREATE TABLE orders (
    id TEXT NOT NULL PRIMARY KEY,
    agency_id TEXT NOT NULL REFERENCES agencies (id),
    order_no TEXT NOT NULL UNIQUE,
    pnr TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('unpaid', 'ticketing', 'ticketed', 'cancelled')),
    payment_channel TEXT NOT NULL CHECK (payment_channel IN ('deposit', 'vcc')),
    journey_type TEXT NOT NULL CHECK (journey_type IN ('one-way', 'round-trip')),
    currency TEXT NOT NULL,
    total_minor BIGINT NOT NULL,
    airline TEXT NOT NULL,
    airlines TEXT NOT NULL,
    lead_passenger TEXT NOT NULL,
    passenger_count BIGINT NOT NULL,
    origin TEXT NOT NULL,
    destination TEXT NOT NULL,
    departure_local TEXT NOT NULL,
    departure_at TEXT NOT NULL,
    has_refund BIGINT NOT NULL CHECK (has_refund IN (0, 1)),
    document TEXT NOT NULL,
    document_digest TEXT NOT NULL,
    created_at TEXT NOT NULL,
    imported_at TEXT NOT NULL
);
CREATE INDEX orders_newest ON orders (created_at, id);
CREATE INDEX orders_of_agency_newest ON orders (agency_id, created_at, id);
CREATE INDEX orders_by_airline ON orders (airline, created_at, id);
CREATE INDEX orders_of_agency_by_airline ON orders (agency_id, airline, created_at, id);
CREATE INDEX orders_by_status ON orders (status, created_at, id);
CREATE INDEX orders_of_agency_by_status ON orders (agency_id, status, created_at, id);
CREATE INDEX orders_by_channel ON orders (payment_channel, created_at, id);
CREATE INDEX orders_of_agency_by_channel ON orders (agency_id, payment_channel, created_at, id);
CREATE INDEX orders_by_refund ON orders (has_refund, created_at, id);
CREATE INDEX orders_of_agency_by_refund ON orders (agency_id, has_refund, created_at, id);
CREATE INDEX orders_by_departure ON orders (departure_local, id);
CREATE INDEX orders_of_agency_by_departure ON orders (agency_id, departure_local, id);

-- Everything by which a booking is found exactly or by its beginning.
CREATE TABLE booking_keys (
    kind TEXT NOT NULL CHECK (kind IN ('pnr', 'ticket', 'name')),
    value TEXT NOT NULL,
    order_id TEXT NOT NULL REFERENCES orders (id),
    agency_id TEXT NOT NULL,
    PRIMARY KEY (kind, value, order_id)
);
CREATE INDEX booking_keys_of_agency ON booking_keys (agency_id, kind, value);
CREATE INDEX booking_keys_of_order ON booking_keys (order_id);
