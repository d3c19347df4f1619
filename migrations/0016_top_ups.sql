-- Transfers that agencies declare and the operator's Finance confirms.
CREATE TABLE top_ups (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    agency_id TEXT NOT NULL REFERENCES agencies (id),
    status TEXT NOT NULL CHECK (status IN ('declared', 'confirmed', 'refused')),
    currency TEXT NOT NULL,
    declared_minor BIGINT NOT NULL CHECK (declared_minor > 0),
    -- What came, less the banks' charges: this is credited.
    received_minor BIGINT CHECK (received_minor > 0),
    paid_on TEXT NOT NULL,
    reference TEXT NOT NULL,
    note TEXT,
    version BIGINT NOT NULL,
    declared_by_name TEXT NOT NULL,
    declared_at TEXT NOT NULL,
    decided_by_name TEXT,
    decided_at TEXT,
    CHECK ((status = 'confirmed') = (received_minor IS NOT NULL)),
    CHECK ((status = 'declared') = (decided_at IS NULL))
);
CREATE INDEX top_ups_newest ON top_ups (declared_at, id);
CREATE INDEX top_ups_of_agency_newest ON top_ups (agency_id, declared_at, id);
CREATE INDEX top_ups_by_status ON top_ups (status, declared_at, id);

-- Below which balance an agency wants to be told, and since when it knows.
CREATE TABLE balance_alerts (
    agency_id TEXT NOT NULL REFERENCES agencies (id),
    currency TEXT NOT NULL,
    threshold_minor BIGINT NOT NULL CHECK (threshold_minor >= 0),
    told_at TEXT,
    PRIMARY KEY (agency_id, currency)
);
