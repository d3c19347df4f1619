-- Service requests: one conversation for everything that is not an instant refund.
CREATE TABLE requests (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    agency_id TEXT NOT NULL REFERENCES agencies (id),
    order_id TEXT NOT NULL REFERENCES orders (id),
    order_no TEXT NOT NULL,
    airline TEXT NOT NULL,
    category TEXT NOT NULL CHECK (category IN ('cancel-and-refund', 'refund-follow-up', 'agency-passenger-refund', 'voluntary-change', 'involuntary-change', 'credit-shell', 'name-correction', 'passenger-information', 'baggage-ancillary', 'feedback-dispute')),
    status TEXT NOT NULL CHECK (status IN ('new', 'in-process', 'processed', 'completed')),
    details TEXT NOT NULL,
    refund_id TEXT REFERENCES refunds (id),
    merged_into_id TEXT REFERENCES requests (id),
    assignee_id TEXT REFERENCES users (id),
    version BIGINT NOT NULL,
    created_by TEXT NOT NULL REFERENCES users (id),
    created_by_name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    modified_at TEXT NOT NULL,
    due_at TEXT NOT NULL,
    processed_at TEXT,
    completed_at TEXT,
    CHECK ((status = 'completed') = (completed_at IS NOT NULL)),
    CHECK (status <> 'processed' OR processed_at IS NOT NULL)
);
-- A second request for an order is opened only once the last one is answered.
CREATE UNIQUE INDEX one_open_request_per_order ON requests (order_id) WHERE status IN ('new', 'in-process');
CREATE INDEX requests_of_order ON requests (order_id, created_at, id);
CREATE INDEX requests_newest ON requests (modified_at, id);
CREATE INDEX requests_of_agency_newest ON requests (agency_id, modified_at, id);
CREATE INDEX requests_by_status ON requests (status, modified_at, id);
CREATE INDEX requests_of_agency_by_status ON requests (agency_id, status, modified_at, id);
CREATE INDEX requests_by_category ON requests (category, modified_at, id);
CREATE INDEX requests_of_agency_by_category ON requests (agency_id, category, modified_at, id);
CREATE INDEX requests_by_order_no ON requests (order_no);
CREATE INDEX requests_open_by_due ON requests (due_at, id) WHERE status <> 'completed';
CREATE INDEX requests_open_by_status ON requests (status, due_at, id) WHERE status <> 'completed';
CREATE INDEX requests_open_by_assignee ON requests (assignee_id, due_at, id) WHERE status <> 'completed';

CREATE TABLE request_messages (
    id TEXT NOT NULL PRIMARY KEY,
    request_id TEXT NOT NULL REFERENCES requests (id),
    internal BIGINT NOT NULL CHECK (internal IN (0, 1)),
    side TEXT NOT NULL CHECK (side IN ('agency', 'operator', 'program')),
    author_id TEXT NOT NULL,
    author_name TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX request_messages_of_request ON request_messages (request_id, created_at, id);

-- What the operator offers inside a request, and the customer's one decision about it.
CREATE TABLE request_offers (
    id TEXT NOT NULL PRIMARY KEY,
    request_id TEXT NOT NULL REFERENCES requests (id),
    agency_id TEXT NOT NULL REFERENCES agencies (id),
    kind TEXT NOT NULL CHECK (kind IN ('refund', 'change', 'ancillary')),
    status TEXT NOT NULL CHECK (status IN ('open', 'accepted', 'declined', 'withdrawn', 'expired', 'failed', 'fulfilled')),
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0),
    -- For a refund: the kept quote, and its lines as they are offered.
    quote_id TEXT UNIQUE REFERENCES quotes (id),
    lines TEXT NOT NULL,
    what TEXT NOT NULL,
    valid_until TEXT NOT NULL,
    refund_id TEXT REFERENCES refunds (id),
    created_by TEXT NOT NULL,
    created_by_name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    decided_by_name TEXT,
    decided_at TEXT,
    note TEXT,
    CHECK ((kind = 'refund') = (quote_id IS NOT NULL)),
    CHECK ((status = 'open') = (decided_at IS NULL))
);
CREATE INDEX request_offers_of_request ON request_offers (request_id, created_at, id);
-- A new offer replaces an open one of its kind.
CREATE UNIQUE INDEX one_open_offer_of_a_kind ON request_offers (request_id, kind) WHERE status = 'open';
CREATE INDEX request_offers_to_expire ON request_offers (valid_until, id) WHERE status = 'open';

-- Who is writing an answer just now.
CREATE TABLE request_presence (
    request_id TEXT NOT NULL REFERENCES requests (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    PRIMARY KEY (request_id, user_id)
);

-- Answers that are written often, per language, with places for what the request knows.
CREATE TABLE canned_replies (
    id TEXT NOT NULL PRIMARY KEY,
    language TEXT NOT NULL CHECK (language IN ('en', 'zh-Hans', 'vi')),
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (language, name)
);
