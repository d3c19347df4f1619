-- Schedule changes and cancellations by the airline, as they were told and as somebody confirmed them.
CREATE TABLE incidents (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    -- The sender's own id of the notification; the same one again changes nothing.
    notification_id TEXT UNIQUE,
    agency_id TEXT NOT NULL REFERENCES agencies (id),
    order_id TEXT NOT NULL REFERENCES orders (id),
    order_no TEXT NOT NULL,
    airline TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('order.schedulechange', 'email.schedulechange', 'abnormal.cancelled')),
    status TEXT NOT NULL CHECK (status IN ('unconfirmed', 'confirmed')),
    result TEXT CHECK (result IN ('FLIGHT_CHANGE', 'FLIGHT_CANCELED', 'NO_SCHEDULE_CHANGE', 'ABNORMAL_CANCELLATION', 'PASSENGER_CANCELLATION', 'NO_CANCELLATION')),
    document TEXT NOT NULL,
    note TEXT,
    version BIGINT NOT NULL,
    told_by TEXT NOT NULL,
    told_at TEXT NOT NULL,
    confirmed_by_name TEXT,
    confirmed_at TEXT,
    CHECK ((status = 'confirmed') = (result IS NOT NULL)),
    CHECK ((status = 'confirmed') = (confirmed_at IS NOT NULL))
);
CREATE INDEX incidents_of_order ON incidents (order_id, told_at, id);
CREATE INDEX incidents_newest ON incidents (told_at, id);
CREATE INDEX incidents_of_agency_newest ON incidents (agency_id, told_at, id);
CREATE INDEX incidents_by_status ON incidents (status, told_at, id);
CREATE INDEX incidents_of_agency_by_status ON incidents (agency_id, status, told_at, id);
CREATE INDEX incidents_by_airline ON incidents (airline, told_at, id);
CREATE INDEX incidents_of_agency_by_airline ON incidents (agency_id, airline, told_at, id);
CREATE INDEX incidents_by_kind ON incidents (kind, told_at, id);
CREATE INDEX incidents_of_agency_by_kind ON incidents (agency_id, kind, told_at, id);
CREATE INDEX incidents_by_order_no ON incidents (order_no);
