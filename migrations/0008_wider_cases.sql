-- Claims, voids, requests, incidents and compensations: words that earlier CHECKs did not know. A CHECK cannot be
-- widened on both databases, so the tables are laid anew and every row is carried over.
ALTER TABLE events RENAME TO events_before;
CREATE TABLE events (
    id TEXT NOT NULL PRIMARY KEY,
    subject_kind TEXT NOT NULL CHECK (subject_kind IN ('refund', 'booking', 'user', 'agency', 'request', 'incident', 'compensation')),
    subject_id TEXT NOT NULL,
    happened TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    actor_side TEXT NOT NULL CHECK (actor_side IN ('agency', 'operator', 'program')),
    details TEXT NOT NULL,
    created_at TEXT NOT NULL
);
INSERT INTO events (id, subject_kind, subject_id, happened, actor_id, actor_name, actor_side, details, created_at)
SELECT id, subject_kind, subject_id, happened, actor_id, actor_name, actor_side, details, created_at FROM events_before;
DROP TABLE events_before;
CREATE INDEX events_of_subject ON events (subject_kind, subject_id, created_at, id);

ALTER TABLE transfers RENAME TO transfers_before;
ALTER TABLE accounts RENAME TO accounts_before;
ALTER TABLE refund_coupons RENAME TO refund_coupons_before;
ALTER TABLE refunds RENAME TO refunds_before;

CREATE TABLE refunds (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    agency_id TEXT NOT NULL REFERENCES agencies (id),
    order_id TEXT NOT NULL REFERENCES orders (id),
    quote_id TEXT NOT NULL UNIQUE REFERENCES quotes (id),
    kind TEXT NOT NULL CHECK (kind IN ('refund', 'claim')),
    status TEXT NOT NULL CHECK (status IN ('atlas-processing', 'airline-processing', 'refunded', 'airline-refunding', 'rejected', 'fulfillment-done', 'withdrew')),
    payment_channel TEXT NOT NULL CHECK (payment_channel IN ('deposit', 'vcc')),
    reason TEXT NOT NULL CHECK (reason IN ('voluntary', 'involuntary', 'void')),
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
    -- A claim: the day on which the airline says it paid, and what the agency expects.
    fulfilled_on TEXT,
    claimed_minor BIGINT,
    -- The service request that it came from.
    request_id TEXT,
    CHECK (payment_channel = 'deposit' OR actual_minor IS NULL),
    CHECK (payment_channel = 'deposit' OR status NOT IN ('airline-refunding', 'refunded')),
    CHECK (payment_channel = 'vcc' OR status <> 'fulfillment-done'),
    CHECK ((status = 'rejected') = (refusal_code IS NOT NULL)),
    CHECK (status <> 'refunded' OR (actual_minor IS NOT NULL AND closed_at IS NOT NULL)),
    CHECK (kind = 'claim' OR status <> 'withdrew'),
    CHECK ((kind = 'claim') = (fulfilled_on IS NOT NULL)),
    CHECK (kind = 'refund' OR payment_channel = 'deposit'),
    UNIQUE (id, payment_channel)
);
INSERT INTO refunds (id, number, agency_id, order_id, quote_id, kind, status, payment_channel, reason, order_no, airline_pnr, airline, airlines,
    full_refund, currency, original_minor, penalty_minor, estimated_minor, service_fee_minor, airline_minor, actual_minor, difference_reason,
    refusal_code, refusal_note, airline_reference, receipt_reference, assignee_id, version, ticketed_on, departure_on, registered_at,
    registered_by, submit_by, due_at, deadline_missed_at, submitted_at, follow_up_from, confirmed_at, expected_on, received_on, received_at,
    closed_at)
SELECT id, number, agency_id, order_id, quote_id, kind, status, payment_channel, reason, order_no, airline_pnr, airline, airlines,
    full_refund, currency, original_minor, penalty_minor, estimated_minor, service_fee_minor, airline_minor, actual_minor, difference_reason,
    refusal_code, refusal_note, airline_reference, receipt_reference, assignee_id, version, ticketed_on, departure_on, registered_at,
    registered_by, submit_by, due_at, deadline_missed_at, submitted_at, follow_up_from, confirmed_at, expected_on, received_on, received_at,
    closed_at FROM refunds_before;

CREATE TABLE refund_coupons (
    refund_id TEXT NOT NULL REFERENCES refunds (id),
    order_id TEXT NOT NULL REFERENCES orders (id),
    passenger_no BIGINT NOT NULL,
    passenger_name TEXT NOT NULL,
    segment_no BIGINT NOT NULL,
    holds BIGINT NOT NULL CHECK (holds IN (0, 1)),
    PRIMARY KEY (refund_id, passenger_no, segment_no)
);
INSERT INTO refund_coupons (refund_id, order_id, passenger_no, passenger_name, segment_no, holds)
SELECT refund_id, order_id, passenger_no, passenger_name, segment_no, holds FROM refund_coupons_before;

CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('deposit', 'refund-payable', 'airline-receivable', 'airline-cash', 'service-fee-income', 'unallocated', 'top-up-source', 'service-sales', 'goodwill')),
    owner TEXT NOT NULL,
    currency TEXT NOT NULL,
    balance_minor BIGINT NOT NULL,
    floor_minor BIGINT,
    CHECK (floor_minor IS NULL OR balance_minor >= floor_minor),
    UNIQUE (kind, owner, currency)
);
INSERT INTO accounts (id, kind, owner, currency, balance_minor, floor_minor)
SELECT id, kind, owner, currency, balance_minor, floor_minor FROM accounts_before;

CREATE TABLE transfers (
    id TEXT NOT NULL PRIMARY KEY,
    entry_id TEXT NOT NULL,
    debit_account_id TEXT NOT NULL REFERENCES accounts (id),
    credit_account_id TEXT NOT NULL REFERENCES accounts (id),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    kind TEXT NOT NULL,
    refund_id TEXT,
    refund_channel TEXT,
    -- A case that is no refund: an offer of a request, a compensation. Its number is what people know it by.
    case_kind TEXT,
    case_id TEXT,
    case_no TEXT,
    reverses_id TEXT REFERENCES transfers (id),
    actor_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    CHECK (debit_account_id <> credit_account_id),
    CHECK ((refund_id IS NULL) = (refund_channel IS NULL)),
    CHECK ((case_id IS NULL) = (case_kind IS NULL)),
    CHECK ((case_id IS NULL) = (case_no IS NULL)),
    -- Together with the rule above the database itself refuses a credit for a refund that the airline pays to a card.
    FOREIGN KEY (refund_id, refund_channel) REFERENCES refunds (id, payment_channel),
    CHECK (kind <> 'refund-credit' OR (refund_id IS NOT NULL AND refund_channel = 'deposit'))
);
INSERT INTO transfers (id, entry_id, debit_account_id, credit_account_id, amount_minor, currency, kind, refund_id, refund_channel, reverses_id,
    actor_id, created_at)
SELECT id, entry_id, debit_account_id, credit_account_id, amount_minor, currency, kind, refund_id, refund_channel, reverses_id, actor_id,
    created_at FROM transfers_before;

DROP TABLE transfers_before;
DROP TABLE refund_coupons_before;
DROP TABLE refunds_before;
DROP TABLE accounts_before;

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
CREATE INDEX refunds_by_airline ON refunds (kind, airline, registered_at, id);
CREATE INDEX refunds_by_pnr ON refunds (airline_pnr);
CREATE INDEX refunds_by_order_no ON refunds (order_no);
CREATE INDEX refunds_by_airline_closed ON refunds (airline, closed_at) WHERE status = 'refunded';
CREATE INDEX refunds_missed ON refunds (submit_by, id) WHERE status = 'atlas-processing' AND deadline_missed_at IS NULL;
-- A passenger and segment belongs to at most one refund or claim that is open or done.
CREATE UNIQUE INDEX one_refund_per_coupon ON refund_coupons (order_id, passenger_no, segment_no) WHERE holds = 1;
CREATE UNIQUE INDEX one_credit_per_refund ON transfers (refund_id) WHERE kind = 'refund-credit';
CREATE UNIQUE INDEX one_fee_per_refund ON transfers (refund_id) WHERE kind = 'service-fee';
CREATE UNIQUE INDEX one_reversal_per_transfer ON transfers (reverses_id) WHERE reverses_id IS NOT NULL;
CREATE UNIQUE INDEX one_transfer_per_case ON transfers (case_kind, case_id, kind) WHERE case_id IS NOT NULL AND reverses_id IS NULL;
CREATE INDEX transfers_by_refund ON transfers (refund_id);
CREATE INDEX transfers_by_case ON transfers (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX transfers_by_debit ON transfers (debit_account_id, created_at, id);
CREATE INDEX transfers_by_credit ON transfers (credit_account_id, created_at, id);
