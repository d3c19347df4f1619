-- How often an agency gets its statements, and where they are sent.
CREATE TABLE statement_settings (
    agency_id TEXT NOT NULL PRIMARY KEY REFERENCES agencies (id),
    period TEXT NOT NULL CHECK (period IN ('monthly', 'weekly', 'never')),
    -- Of a weekly statement: the days on which one ends, 1 for Monday to 7 for Sunday.
    weekdays TEXT NOT NULL,
    emails TEXT NOT NULL,
    language TEXT NOT NULL,
    zone_name TEXT NOT NULL,
    -- Up to here every movement is on a statement.
    made_until TEXT NOT NULL,
    -- The moment of that day's beginning, in the zone of then.
    made_until_at TEXT NOT NULL,
    next_due_at TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX statement_settings_due ON statement_settings (next_due_at, agency_id);

-- Issued once and never changed.
CREATE TABLE statements (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    agency_id TEXT NOT NULL REFERENCES agencies (id),
    agency_name TEXT NOT NULL,
    currency TEXT NOT NULL,
    period_from TEXT NOT NULL,
    period_until TEXT NOT NULL,
    zone_name TEXT NOT NULL,
    opening_minor BIGINT NOT NULL,
    closing_minor BIGINT NOT NULL,
    line_count BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (agency_id, currency, period_from)
);
CREATE INDEX statements_newest ON statements (created_at, id);
CREATE INDEX statements_of_agency_newest ON statements (agency_id, created_at, id);

CREATE TABLE statement_lines (
    statement_id TEXT NOT NULL REFERENCES statements (id),
    line_no BIGINT NOT NULL,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    refund_no TEXT,
    order_no TEXT,
    pnr TEXT,
    passenger TEXT,
    estimated_minor BIGINT,
    actual_minor BIGINT,
    fee_minor BIGINT,
    case_kind TEXT,
    case_no TEXT,
    -- What the deposit went up or down by.
    amount_minor BIGINT NOT NULL,
    PRIMARY KEY (statement_id, line_no)
);

CREATE TABLE statement_mails (
    statement_id TEXT NOT NULL REFERENCES statements (id),
    email TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
    attempts BIGINT NOT NULL,
    due_at TEXT NOT NULL,
    PRIMARY KEY (statement_id, email)
);
CREATE INDEX statement_mails_due ON statement_mails (due_at, statement_id) WHERE state = 'waiting';
