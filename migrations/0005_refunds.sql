-- Quotes (what the calculation answered) and refunds (the cases).
CREATE TABLE quotes (
    id TEXT NOT NULL PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES orders (id),
    agency_id TEXT NOT NULL REFERENCES agencies (id),
    ordinal BIGINT NOT NULL,
    selection TEXT NOT NULL,
    facts TEXT NOT NULL,
    answer TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    UNIQUE (order_id, ordinal)
);

CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

CREATE TABLE refunds (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    agency_id TEXT NOT NULL REFERENCES agencies (id),
    order_id TEXT NOT NULL REFERENCES orders (id),
    quote_id TEXT NOT NULL UNIQUE REFERENCES quotes (id),
    kind TEXT NOT NULL CHECK (kind IN ('refund', 'claim')),
    status TEXT NOT NULL CHECK (status IN ('atlas-processing', 'airline-processing', 'refunded', 'airline-refunding', 'rejected', 'fulfillment-done', 'withdrew')),
    payment_channel TEXT NOT NULL CHECK (payment_channel IN ('deposit', 'vcc')),
    reason TEXT NOT NULL CHECK (reason IN ('voluntary', 'involuntary')),
    order_no TEXT NOT NULL,
    airline_pnr TEXT NOT NULL,
    airline TEXT NOT NULL,
    airlines TEXT NOT NULL,
    full_refund BIGINT NOT NULL CHECK (full_refund IN (0, 1)),
    currency TEXT NOT NULL,
    original_minor BIGINT NOT NULL,
    penalty_minor BIGINT,
    estimated_minor BIGINT,
    service_fee_minor BIGINT NOT NULL CHECK (service_fee_minor >= 0),
    airline_minor BIGINT,
    actual_minor BIGINT,
    difference_reason TEXT,
    refusal_code BIGINT CHECK (refusal_code BETWEEN 1 AND 14),
    refusal_note TEXT,
    airline_reference TEXT,
    receipt_reference TEXT,
    assignee_id TEXT REFERENCES users (id),
    version BIGINT NOT NULL,
    ticketed_on TEXT NOT NULL,
    departure_on TEXT NOT NULL,
    registered_at TEXT NOT NULL,
    registered_by TEXT NOT NULL,
    submit_by TEXT NOT NULL,
    due_at TEXT NOT NULL,
    deadline_missed_at TEXT,
    submitted_at TEXT,
    follow_up_from TEXT,
    confirmed_at TEXT,
    expected_on TEXT,
    received_on TEXT,
    received_at TEXT,
    closed_at TEXT,
    CHECK (payment_channel = 'deposit' OR actual_minor IS NULL),
    CHECK (payment_channel = 'deposit' OR status NOT IN ('airline-refunding', 'refunded')),
    CHECK (payment_channel = 'vcc' OR status <> 'fulfillment-done'),
    CHECK ((status = 'rejected') = (refusal_code IS NOT NULL)),
    CHECK (status <> 'refunded' OR (actual_minor IS NOT NULL AND closed_at IS NOT NULL)),
    CHECK (kind = 'claim' OR status <> 'withdrew'),
    UNIQUE (id, payment_channel)
);
CREATE INDEX refunds_of_order ON refunds (order_id, registered_at, id);
CREATE INDEX refunds_newest ON refunds (kind, registered_at, id);
CREATE INDEX refunds_of_agency_newest ON refunds (agency_id, kind, registered_at, id);
CREATE INDEX refunds_open_by_due ON refunds (due_at, id) WHERE closed_at IS NULL;
CREATE INDEX refunds_open_by_status ON refunds (status, due_at, id) WHERE closed_at IS NULL;
CREATE INDEX refunds_open_by_assignee ON refunds (assignee_id, due_at, id) WHERE closed_at IS NULL;
CREATE INDEX refunds_open_of_agency ON refunds (agency_id, status, registered_at) WHERE closed_at IS NULL;
CREATE INDEX refunds_closed ON refunds (closed_at, status) WHERE closed_at IS NOT NULL;
CREATE INDEX refunds_of_agency_closed ON refunds (agency_id, closed_at, status) WHERE closed_at IS NOT NULL;
CREATE INDEX refunds_of_agency_by_airline ON refunds (agency_id, kind, airline, registered_at, id);
CREATE INDEX refunds_by_pnr ON refunds (airline_pnr);
CREATE INDEX refunds_by_order_no ON refunds (order_no);
CREATE INDEX refunds_by_airline_closed ON refunds (airline, closed_at) WHERE status = 'refunded';
CREATE INDEX refunds_missed ON refunds (submit_by, id) WHERE status = 'atlas-processing' AND deadline_missed_at IS NULL;

-- A passenger and segment belongs to at most one refund that is open or done.
CREATE TABLE refund_coupons (
    refund_id TEXT NOT NULL REFERENCES refunds (id),
    order_id TEXT NOT NULL REFERENCES orders (id),
    passenger_no BIGINT NOT NULL,
    passenger_name TEXT NOT NULL,
    segment_no BIGINT NOT NULL,
    holds BIGINT NOT NULL CHECK (holds IN (0, 1)),
    PRIMARY KEY (refund_id, passenger_no, segment_no)
);
CREATE UNIQUE INDEX one_refund_per_coupon ON refund_coupons (order_id, passenger_no, segment_no) WHERE holds = 1;

-- Answers of forms that move money, so that a second click gets the first one's result.
CREATE TABLE once_keys (
    owner TEXT NOT NULL,
    once_key TEXT NOT NULL,
    request_digest TEXT NOT NULL,
    answer TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (owner, once_key)
);
CREATE INDEX once_keys_by_age ON once_keys (created_at);
