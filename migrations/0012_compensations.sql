-- Goodwill and dispute credits by the operator; above a limit a second person decides.
CREATE TABLE compensations (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    agency_id TEXT NOT NULL REFERENCES agencies (id),
    order_id TEXT REFERENCES orders (id),
    order_no TEXT,
    reason TEXT NOT NULL CHECK (reason IN ('goodwill', 'dispute', 'wrong-ticketing', 'late-handling', 'other')),
    note TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('proposed', 'credited', 'refused')),
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    needs_second BIGINT NOT NULL CHECK (needs_second IN (0, 1)),
    version BIGINT NOT NULL,
    proposed_by TEXT NOT NULL REFERENCES users (id),
    proposed_by_name TEXT NOT NULL,
    proposed_at TEXT NOT NULL,
    decided_by TEXT REFERENCES users (id),
    decided_by_name TEXT,
    decided_at TEXT,
    decision_note TEXT,
    CHECK ((status = 'proposed') = (decided_at IS NULL)),
    -- Nobody decides alone about an amount above the limit.
    CHECK (needs_second = 0 OR decided_by IS NULL OR decided_by <> proposed_by)
);
CREATE INDEX compensations_newest ON compensations (proposed_at, id);
CREATE INDEX compensations_of_agency_newest ON compensations (agency_id, proposed_at, id);
CREATE INDEX compensations_by_status ON compensations (status, proposed_at, id);
CREATE INDEX compensations_of_agency_by_status ON compensations (agency_id, status, proposed_at, id);
CREATE INDEX compensations_by_order_no ON compensations (order_no);
