-- The airlines' money as their files and the banks' tell it, and what it was matched with.
CREATE TABLE remittance_sources (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    -- Which column of its files means what.
    mapping TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL
);

-- A file between its upload and its import.
CREATE TABLE remittance_drafts (
    id TEXT NOT NULL PRIMARY KEY,
    source_name TEXT NOT NULL,
    file_name TEXT NOT NULL,
    file_digest TEXT NOT NULL,
    mapping TEXT NOT NULL,
    header TEXT NOT NULL,
    rows TEXT NOT NULL,
    created_by TEXT NOT NULL REFERENCES users (id),
    created_at TEXT NOT NULL
);
CREATE INDEX remittance_drafts_by_age ON remittance_drafts (created_at);

CREATE TABLE remittances (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    source_id TEXT NOT NULL REFERENCES remittance_sources (id),
    source_name TEXT NOT NULL,
    file_name TEXT NOT NULL,
    -- The same file, or the same lines in another file, are taken once.
    file_digest TEXT NOT NULL UNIQUE,
    content_digest TEXT NOT NULL UNIQUE,
    line_count BIGINT NOT NULL,
    -- Who has said that all exact matches shall be posted, while that goes on.
    posting_by TEXT REFERENCES users (id),
    taken_until TEXT NOT NULL,
    created_by TEXT NOT NULL REFERENCES users (id),
    created_by_name TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX remittances_newest ON remittances (created_at, id);
CREATE INDEX remittances_to_post ON remittances (taken_until, id) WHERE posting_by IS NOT NULL;

-- Per currency: what the file holds and what became of it. Kept by every write; what is not matched and not rejected
-- is open.
CREATE TABLE remittance_totals (
    remittance_id TEXT NOT NULL REFERENCES remittances (id),
    currency TEXT NOT NULL,
    file_minor BIGINT NOT NULL,
    matched_minor BIGINT NOT NULL,
    rejected_minor BIGINT NOT NULL,
    PRIMARY KEY (remittance_id, currency)
);

CREATE TABLE remittance_lines (
    id TEXT NOT NULL PRIMARY KEY,
    remittance_id TEXT NOT NULL REFERENCES remittances (id),
    row_no BIGINT NOT NULL,
    line BIGINT NOT NULL,
    cells TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    matched_minor BIGINT NOT NULL CHECK (matched_minor >= 0),
    rejected_minor BIGINT NOT NULL,
    paid_on TEXT NOT NULL,
    reference TEXT NOT NULL,
    refund_no TEXT NOT NULL,
    order_no TEXT NOT NULL,
    pnr TEXT NOT NULL,
    ticket TEXT NOT NULL,
    passenger TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('unmatched', 'proposed', 'matched', 'rejected')),
    finding TEXT NOT NULL CHECK (finding IN ('exact', 'suggested', 'short-paid', 'over-paid', 'unknown', 'card', 'no-amount')),
    -- With which refunds it seems to belong, and why.
    proposals TEXT NOT NULL,
    rejection TEXT,
    owner_id TEXT NOT NULL REFERENCES users (id),
    owner_name TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (remittance_id, row_no),
    CHECK (amount_minor <= 0 OR (rejected_minor >= 0 AND matched_minor + rejected_minor <= amount_minor)),
    CHECK (amount_minor > 0 OR (rejected_minor = amount_minor AND matched_minor = 0)),
    CHECK ((status = 'matched') = (matched_minor > 0 AND matched_minor + rejected_minor = amount_minor)),
    CHECK ((status = 'rejected') = (matched_minor = 0 AND rejected_minor = amount_minor))
);
CREATE INDEX remittance_lines_by_finding ON remittance_lines (remittance_id, finding, row_no) WHERE status IN ('unmatched', 'proposed');
CREATE INDEX remittance_lines_by_status ON remittance_lines (remittance_id, status, row_no);
CREATE INDEX remittance_lines_open ON remittance_lines (paid_on, id) WHERE status IN ('unmatched', 'proposed');
CREATE INDEX remittance_lines_open_by_owner ON remittance_lines (owner_id, paid_on, id) WHERE status IN ('unmatched', 'proposed');

-- What of a line belongs to which refund. Held until the refund's money is complete, then settled; undone by a reversal.
CREATE TABLE allocations (
    id TEXT NOT NULL PRIMARY KEY,
    remittance_id TEXT NOT NULL REFERENCES remittances (id),
    line_id TEXT NOT NULL REFERENCES remittance_lines (id),
    refund_id TEXT NOT NULL,
    refund_channel TEXT NOT NULL CHECK (refund_channel = 'deposit'),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    state TEXT NOT NULL CHECK (state IN ('held', 'settled', 'undone')),
    created_by_name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    -- Never for a card: the database refuses it.
    FOREIGN KEY (refund_id, refund_channel) REFERENCES refunds (id, payment_channel)
);
CREATE UNIQUE INDEX one_allocation_per_line_and_refund ON allocations (line_id, refund_id) WHERE state <> 'undone';
CREATE INDEX allocations_of_refund ON allocations (refund_id, state);
CREATE INDEX allocations_of_line ON allocations (line_id);

-- What an open refund is expected to bring.
CREATE INDEX refunds_open_by_expected ON refunds (currency, COALESCE(airline_minor, estimated_minor), id) WHERE closed_at IS NULL;
